"""The heavy work itself, as jobs for a worker: each yields its messages as plain values. Networks come as the bytes of
their checkpoints; the images are read here, for no other process to hold them."""

import base64
import time
from collections.abc import Iterator
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from advdemo.attacks import find_attack
from advdemo.images.mnist import load_mnist
from advdemo.measures.bounds import METHODS, CertifiedResult, certified_stream
from advdemo.measures.sweep import CORES, CUDA_BATCH, SweepResult, sweep_stream
from advdemo.networks.checkpoint import pack_checkpoint, parse_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.networks.guest import Guest
from advdemo.networks.predict import freeze, pick_device
from advdemo.training.recipes import Recipe
from advdemo.training.train import EpochRecord, Step, hold_out, train_steps
from advdemo.ui.replies import RefusalError

HELD_OUT = 5_000  # training images, to choose the best epoch by
SECONDS_BETWEEN_UPDATES = 0.1
PROOFS = torch.device("cpu")  # whatever else there is
Network = bytes | Guest  # as `models.for_job` has it


@cache
def test_images() -> tuple[Tensor, Tensor]:
    """The test images and their labels."""
    return load_mnist("test")


def warm_up() -> None:
    """Do what costs time once: the imports of this module, the test images, torch's first steps. But for those on CUDA:
    they take half a gigabyte, and many workers have no job that needs them."""
    images, labels = test_images()
    for _ in sweep_stream(freeze(FastLeNet()), images[:500], labels[:500], [0.1]):
        pass


def sweep(network: Network, count: int, epsilons: list[float], attack: str) -> Iterator[dict]:
    """Partial results over the first `count` test images, some ten a second: `result` as `as_drawn` has it."""
    model = unpack(network)
    images, labels = test_images()
    device = pick_device().type.upper()
    started = shown = time.perf_counter()
    examples_sent = -1
    for result in sweep_stream(model, images[:count], labels[:count], epsilons, attack=attack):
        now = time.perf_counter()
        if now - shown < SECONDS_BETWEEN_UPDATES and result.n_images < result.total:
            continue
        shown = now
        examples = sum(len(row) for row in result.examples)
        drawn = as_drawn(result, with_examples=examples != examples_sent)
        examples_sent = examples
        yield {"result": drawn | {"seconds": now - started, "device": device}}


def prove(network: Network, count: int, epsilons: list[float], method: str) -> Iterator[dict]:
    """The same for the images that are proved to be read as their label: `result` without flips and examples, but with
    `per_class`, shares by epsilon and digit."""
    model = unpack(network, PROOFS)
    images, labels = test_images()
    device = PROOFS.type.upper()
    started = shown = time.perf_counter()
    for result in certified_stream(model, images[:count], labels[:count], epsilons, method=method):
        now = time.perf_counter()
        if now - shown < SECONDS_BETWEEN_UPDATES and result.n_images < result.total:
            continue
        shown = now
        yield {"result": counts_of(result) | {"seconds": now - started, "device": device}}


def transfer(networks: list[Network], count: int, epsilon: float, attack: str) -> Iterator[dict]:
    """The accuracy of every network on the adversarial images made on every network: after each batch, all so far."""
    models = [unpack(network) for network in networks]
    images, labels = test_images()
    table: list[list[float | None]] = [[None] * len(models) for _ in models]
    shown = time.perf_counter()
    for made_on, source in enumerate(models):
        for tried_on, model in enumerate(models):
            for result in sweep_stream(model, images[:count], labels[:count], [epsilon], attack=attack, source=source):
                done = result.n_images == result.total
                if time.perf_counter() - shown < SECONDS_BETWEEN_UPDATES and not done:
                    continue
                shown = time.perf_counter()
                table[made_on][tried_on] = float(result.accuracies[0])
                yield {"transfer": {"table": table, "done": done}}


def train(name: str, recipe: Recipe, seed: int) -> Iterator[dict]:
    """Progress, some ten times a second: `update` holds `progress` {epoch, epochs, share, seconds, left}; at an epoch's
    end also `epoch`, its record, and beside it `weights` (a safetensors file as base64) when it is the best so far on
    held-out images."""
    try:
        (images, labels), held_out = hold_out(*load_mnist("train"), HELD_OUT, seed=0)
    except (OSError, ValueError) as error:
        raise RefusalError("errors.training_data") from error
    started = shown = time.perf_counter()
    best = -1.0
    for event in train_steps(recipe, images, labels, validation=held_out, seed=seed, device=pick_device()):
        now = time.perf_counter()
        if isinstance(event, Step) and now - shown < SECONDS_BETWEEN_UPDATES:
            continue
        shown = now
        share = event.step / event.steps if isinstance(event, Step) else 1.0
        done = (event.epoch - 1 + share) / recipe.epochs
        seconds = now - started
        progress = {"epoch": event.epoch, "epochs": recipe.epochs, "share": done, "seconds": seconds}
        update: dict[str, dict] = {"progress": progress | {"left": seconds * (1 / done - 1)}}
        reply = {}
        if isinstance(event, EpochRecord):
            update["epoch"] = {key: value for key, value in vars(event).items() if key != "weights"}
            if (accuracy := event.validation_accuracy or 0.0) > best:
                best = accuracy
                record = {"recipe": name, "seed": seed, **vars(recipe), **update["epoch"]}
                reply["weights"] = base64.b64encode(pack_checkpoint(event.weights, record)).decode()
        yield reply | {"update": update}


def measure(network: Network, attack: str) -> Iterator[float]:
    """Seconds that the attack takes for one image at one epsilon in a sweep that has the machine to itself."""
    model, (images, labels) = unpack(network), test_images()
    row, settings = find_attack(attack)
    on_cpu = pick_device().type == "cpu"
    count = row.batch_size if on_cpu else CUDA_BATCH
    clock = time.process_time if on_cpu else time.perf_counter  # the machine may be busy now
    batch, truth = images[:count].to(pick_device()), labels[:count].to(pick_device())
    for _ in range(1 if on_cpu else 2):  # the first time, CUDA and its libraries are still being loaded
        started = clock()
        settings.prepare(model, batch, truth).at(0.1).cpu()
    yield (clock() - started) / len(batch) / (CORES if on_cpu else 1)


def measure_proof(network: Network, method: str) -> Iterator[float]:
    """The same for a proof that fails, which takes the longest."""
    model, (images, labels) = unpack(network, PROOFS), test_images()
    count = METHODS[method]
    for _ in range(2):  # the first time, the kernels of a new process are still being made
        started = time.process_time()
        for _ in certified_stream(model, images[:count], labels[:count], [0.1], method=method):
            pass
    yield (time.process_time() - started) / count / CORES


def unpack(network: Network, device: torch.device | None = None) -> nn.Module:
    """The network in a checkpoint's bytes, or a guest, on the device to compute on: None for `pick_device`'s."""
    if isinstance(network, Guest):
        return network
    return parse_checkpoint(network, "the network")[0].to(device or pick_device())


def as_drawn(result: SweepResult, *, with_examples: bool) -> dict:
    """A result as plain JSON values, the images as base64 of 784 bytes."""
    drawn = counts_of(result) | {"flips": result.flips.tolist(), "first_flips": result.first_flips.tolist()}
    if with_examples:
        drawn["examples"] = [
            [vars(example) | {"image": as_text(example.image)} for example in row] for row in result.examples
        ]
    return drawn


def counts_of(result: SweepResult | CertifiedResult) -> dict:
    """What sweeps and proofs have in common, as plain JSON values."""
    per_class = [[None if np.isnan(share) else float(share) for share in row] for row in result.per_class]
    return {
        "epsilons": result.epsilons.tolist(),
        "correct": result.correct.tolist(),
        "accuracies": result.accuracies.tolist(),
        "per_class": per_class,
        "done": result.n_images,
        "total": result.total,
    }


def as_text(pixels: np.ndarray) -> str:
    """Base64 of its bytes."""
    return base64.b64encode(pixels.tobytes()).decode()
