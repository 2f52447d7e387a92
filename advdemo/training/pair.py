"""A whole GAN training with its files: what `python -m advdemo train-gan` does.

Beside the generator's file lie the discriminator's, a sheet of samples and, until the training has ended, the
unfinished game, from which the next call goes on.
"""

import copy
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from advdemo import CLASSES
from advdemo.images.mnist import load_mnist
from advdemo.images.picture import write_sheet
from advdemo.networks.checkpoint import check_state, check_writable, save_checkpoint, save_weights, unpack_checkpoint
from advdemo.networks.generator import generate
from advdemo.networks.predict import pick_device
from advdemo.training.gan import Game, GanEpoch, GanRecipe, train_gan

LARGE = 10_000  # values of a parameter that is stored as float16


def train_pair(
    path: Path | str,
    recipe: GanRecipe,
    *,
    seed: int = 0,
    data_dir: Path | None = None,
    device: torch.device | None = None,
    on_step: Callable[[float], None] = lambda done: None,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Train on MNIST and write generator and discriminator, each with its record, and a sheet of samples an epoch. The
    discriminator's file is `discriminator.safetensors` in the same folder.

    A KeyboardInterrupt ends it and keeps the last whole epoch, from which the next call with the same recipe and seed
    goes on; before the first epoch has ended it is raised.

    Raises:
        ValueError: broken data, or an unfinished training of other settings at `path`.
        OSError: no data, or a path that cannot be written.
    """
    path, device = Path(path), torch.device(device or pick_device())
    check_writable(path)
    settings = {"recipe": "gan", **asdict(recipe), "seed": seed, "device": device.type}
    images, labels = load_mnist("train", data_dir)
    steps = -(-len(images) // recipe.batch_size) * recipe.epochs
    resumed, seconds = load_unfinished(unfinished_path(path), recipe, settings)
    ended = int(resumed["counts"][1]) if resumed else 0
    if resumed:
        say(f"going on after epoch {ended} of {recipe.epochs}, from {unfinished_path(path)}")
    started = time.perf_counter() - seconds
    try:
        for game, event in train_gan(recipe, images, labels, seed=seed, device=device, resumed=resumed):
            on_step(game.steps / steps)
            if isinstance(event, GanEpoch):
                seconds = round(time.perf_counter() - started, 1)
                record = settings | {"epoch": event.epoch, "seconds": seconds, "torch": torch.__version__}
                save_pair(path, game, record)
                save_weights(game.state(), unfinished_path(path), record)
                ended = event.epoch
                say(
                    f"epoch {event.epoch}/{event.epochs}  {event.seconds:5.1f} s  real digits look {event.real:.0%} "
                    f"real, forgeries {event.fake:.0%}"
                )
    except KeyboardInterrupt:
        if not ended:
            raise
    if ended == recipe.epochs:
        unfinished_path(path).unlink(missing_ok=True)
    say(f"saved epoch {ended} of {recipe.epochs} to {path}")


def halved(network: nn.Module) -> nn.Module:
    """A copy whose large weights are float16: half the bytes, and no pixel differs by more than 0.002. In the small
    ones, biases and norms, it would be twice that."""
    network = copy.deepcopy(network)
    for parameter in network.parameters():
        if parameter.numel() > LARGE:
            parameter.data = parameter.data.half()
    return network


def save_pair(path: Path, game: Game, record: dict[str, Any]) -> None:
    """Write the kept generator, the discriminator beside it and a sheet of ten samples of each digit."""
    generator = game.kept_generator()
    save_checkpoint(halved(generator), path, record | {"kind": "generator"})
    beside = path.with_name("discriminator.safetensors")
    save_checkpoint(halved(game.discriminator), beside, record | {"kind": "discriminator"})
    write_sheet(generate(generator, torch.arange(CLASSES).repeat_interleave(10)), path.with_suffix(".png"))


def unfinished_path(path: Path) -> Path:
    """Where the game lies whose generator goes to `path`, until it has ended."""
    return path.with_suffix(".unfinished.safetensors")


def load_unfinished(path: Path, recipe: GanRecipe, settings: dict[str, Any]) -> tuple[dict[str, Tensor] | None, float]:
    """(The state of the game at `path`, seconds it has taken so far); None and 0 if there is none. `settings` are what
    its record must say, the device among them: another one's random numbers are others. ValueError when it says
    something else, or the file is no game."""
    if not path.is_file():
        return None, 0.0
    try:
        state, record = unpack_checkpoint(path.read_bytes())
        expected = _expected(recipe)
        # Of another size on each device; which one it is the record says.
        expected["random"] = state.get("random", expected["random"])
        check_state(state, expected, path.name)
    except ValueError as error:
        raise ValueError(f"{path} holds no unfinished training of a GAN: delete it to start anew") from error
    for name, value in json.loads(json.dumps(settings)).items():  # as the file has it: lists for tuples
        if record.get(name) != value:
            got = f"{name} {record.get(name)}, not {value}"
            raise ValueError(f"{path} holds a training with {got}: go on with that, or delete it to start anew")
    return state, float(record["seconds"])


def _expected(recipe: GanRecipe) -> dict[str, Tensor]:
    """The state of a game after a step: Adam's means come with the first."""
    game = Game(recipe, 0, torch.device("cpu"))
    game.step(torch.zeros(2, 1, 28, 28), torch.zeros(2, dtype=torch.int64))
    return game.state()
