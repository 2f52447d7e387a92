"""Training LeNet: a recipe and images in, one record an epoch out; or a whole checkpoint."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from advdemo.attacks.inputs import check_images, check_labels
from advdemo.images.mnist import load_mnist
from advdemo.measures.saved import sweep_record
from advdemo.networks.checkpoint import check_writable, save_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.networks.predict import confusion, freeze, pick_device
from advdemo.training.loop import EpochRecord, Step, loop
from advdemo.training.recipes import Recipe, pick_recipe


def train(
    recipe: Recipe | str,
    images: Tensor,
    labels: Tensor,
    *,
    validation: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
    device: torch.device | None = None,
) -> Iterator[EpochRecord]:
    """Train a LeNet from scratch, yielding a record after each epoch; stop by no longer asking.

    Args:
        recipe: a name of RECIPES, or a Recipe.
        images: float32 (N, 1, 28, 28) in [0, 1]; labels: int64 (N,) in 0..9.
        validation: held-out images and labels, measured after each epoch.
        seed: decides initial weights, order and distortions: the same seed gives the same weights on the same device.
        device: None picks CUDA when there is one.

    Raises:
        ValueError: wrong recipe, shapes, pixels or labels.
    """
    events = train_steps(recipe, images, labels, validation=validation, seed=seed, device=device)
    return (event for event in events if isinstance(event, EpochRecord))


def train_steps(
    recipe: Recipe | str,
    images: Tensor,
    labels: Tensor,
    *,
    validation: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
    device: torch.device | None = None,
    until: float = math.inf,
) -> Iterator[Step | EpochRecord]:
    """`train`, yielding every step as well: for progress bars, and for stopping within an epoch. When
    `time.perf_counter()` says that it is `until`, the epoch under way is measured as it stands, and is the last."""
    recipe = pick_recipe(recipe) if isinstance(recipe, str) else recipe
    images = check_images(images)
    check_labels(labels, len(images))
    if validation is not None:
        validation = check_images(validation[0]), validation[1]
        check_labels(validation[1], len(validation[0]))
    return loop(recipe, images, labels, validation, seed, torch.device(device or pick_device()), until)


def train_checkpoint(
    path: Path | str,
    recipe: str = "default",
    *,
    overrides: dict[str, float | None] | None = None,
    seed: int = 0,
    holdout: int = 0,
    data_dir: Path | None = None,
    device: torch.device | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train on MNIST, measure once on the test images, and save weights and record to `path`: what the command line and
    the page's first start do.

    Args:
        path: of the checkpoint; its folder is made.
        recipe: a name of RECIPES; `overrides` replaces some of its fields.
        seed: as in `train`; it also decides which images are held out.
        holdout: training images kept out. With some, the epoch most accurate on them is saved; with none, the last.
        data_dir: as `root` of `load_mnist`.
        on_step: called after each batch.
        say: called with a line of text an epoch, and one at the end.

    A KeyboardInterrupt ends the training early and saves the best epoch so far; before the first has ended it is
    raised, and nothing is written.

    Returns:
        the record in the checkpoint: the recipe's name and fields, the `epoch` saved (of `epochs`), `history`, an
        EpochRecord without weights for each epoch, `test_accuracy` and `per_class_accuracy` in 0..1, `sweep` (see
        advdemo.measures.saved), `seconds` of training, the device and so on.

    Raises:
        ValueError: wrong recipe, overrides or holdout, or broken data.
        OSError: no data, or a path that cannot be written.
    """
    settings = pick_recipe(recipe, **(overrides or {}))
    path, device = Path(path), device or pick_device()
    check_writable(path)
    images, labels = load_mnist("train", data_dir)
    test_set = load_mnist("test", data_dir)
    if not 0 <= holdout < len(images):
        raise ValueError(f"holdout must be 0 to {len(images) - 1} of the {len(images)} training images, got {holdout}")
    validation = None
    if holdout:
        (images, labels), validation = hold_out(images, labels, holdout, seed)

    started = time.perf_counter()
    best = None
    history = []
    try:
        for event in train_steps(settings, images, labels, validation=validation, seed=seed, device=device):
            if isinstance(event, Step):
                on_step(event)
                continue
            history.append({key: value for key, value in vars(event).items() if key != "weights"})
            if best is None or event.validation_accuracy is None or event.validation_accuracy > _accuracy(best):
                best = event
            say(describe(event))
    except KeyboardInterrupt:
        if best is None:
            raise
    seconds = time.perf_counter() - started

    assert best is not None  # a recipe has at least one epoch
    origin = {"recipe": recipe, **{key: value for key, value in asdict(settings).items() if key != "about"}}
    record = origin | {"epoch": best.epoch, "seed": seed, "holdout": holdout, "seconds": round(seconds, 1)}
    record["history"] = history
    record = _save(path, best, record, test_set, device)
    say(f"saved epoch {best.epoch} of {best.epochs} to {path}: test accuracy {record['test_accuracy']:.2%}")
    return record


def _accuracy(epoch: EpochRecord) -> float:
    return epoch.validation_accuracy or 0.0


def _save(
    path: Path, epoch: EpochRecord, record: dict[str, Any], test_set: tuple[Tensor, Tensor], device: torch.device
) -> dict[str, Any]:
    """Write the weights of an epoch with `record` and what they are worth on the test images; the whole record."""
    network = FastLeNet()
    network.load_state_dict(epoch.weights)
    freeze(network).to(device)
    counts = confusion(network, *test_set)
    record = record | {
        "validation_accuracy": epoch.validation_accuracy,
        "test_accuracy": counts.trace().item() / len(test_set[0]),
        "per_class_accuracy": (counts.diagonal() / counts.sum(1)).tolist(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "torch": torch.__version__,
        "sweep": sweep_record(network, *test_set),
    }
    save_checkpoint(network, path, record)
    return record


def hold_out(
    images: Tensor, labels: Tensor, count: int, seed: int
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """((images, labels) to train on, (images, labels) held out): the last `count` of a shuffle decided by `seed`."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    kept, held_out = order[:-count], order[-count:]
    return (images[kept], labels[kept]), (images[held_out], labels[held_out])


def describe(epoch: EpochRecord) -> str:
    """The record in one line."""
    validation = "" if epoch.validation_accuracy is None else f"  validation {epoch.validation_accuracy:.2%}"
    return (
        f"epoch {epoch.epoch:>{len(str(epoch.epochs))}}/{epoch.epochs}  {epoch.seconds:5.1f} s  "
        f"loss {epoch.train_loss:.4f}  training {epoch.train_accuracy:.2%}{validation}"
    )
