"""A whole data set against a list of epsilons. FGSM takes one gradient an image, then one forward pass an epsilon."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from advdemo.attacks.fgsm import (
    CLASSES,
    LOSSES,
    Attack,
    Loss,
    aim,
    check_attack,
    check_epsilon,
    check_images,
    check_labels,
    check_loss,
)

EPSILONS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)  # the PyTorch tutorial's
TUTORIAL_ACCURACIES = (0.9904, 0.969, 0.9079, 0.7557, 0.5029, 0.3029, 0.1596)  # what it published for them
EXAMPLES = 10  # kept for each epsilon
CORES = torch.get_num_threads()  # before anyone asks torch for fewer


@dataclass(frozen=True)
class Example:
    """One image the attack turned (at epsilon 0: one the model gets right)."""

    index: int  # in the data set
    before: int  # the class predicted without the attack
    after: int  # the class predicted with it
    image: np.ndarray  # uint8 (28, 28), the adversarial image


@dataclass(frozen=True)
class SweepResult:
    """What the model makes of `n_images` images at each of E epsilons; while a sweep runs, of those done so far."""

    epsilons: np.ndarray  # float64 (E,)
    flips: np.ndarray  # int64 (E, 10, 10), counts of true class -> predicted class
    first_flips: np.ndarray  # int64 (E + 1,), images by the smallest epsilon, ascending, that fools; last: none does
    total: int  # images in the whole sweep
    examples: tuple[tuple[Example, ...], ...]  # up to EXAMPLES for each epsilon

    @cached_property
    def n_images(self) -> int:
        return int(self.flips[0].sum())

    @cached_property
    def correct(self) -> np.ndarray:
        """int64 (E,), images still classified as their label."""
        return np.trace(self.flips, axis1=1, axis2=2)

    @cached_property
    def accuracies(self) -> np.ndarray:
        """float64 (E,) in 0..1."""
        return self.correct / self.n_images

    @cached_property
    def per_class(self) -> np.ndarray:
        """float64 (E, 10) in 0..1, the accuracy within each true class; NaN for a class with no image."""
        count = self.flips.sum(axis=2)
        right = np.diagonal(self.flips, axis1=1, axis2=2)
        return np.divide(right, count, out=np.full(count.shape, np.nan), where=count > 0)


def sweep(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilons: Sequence[float] = EPSILONS,
    *,
    on_progress: Callable[[SweepResult], None] | None = None,
    attack: Attack = "fgsm",
    source: nn.Module | None = None,
    loss: Loss = "cross-entropy",
    batch_size: int | None = None,
    **settings,
) -> SweepResult:
    """Accuracy under an attack at each epsilon.

    Args:
        model: a frozen classifier, pixels -> logits, on the device to compute on.
        images: float32 (N, 1, 28, 28) in [0, 1]; labels: int64 (N,) in 0..9.
        epsilons: each in 0..1, none twice.
        on_progress: called after each batch with the result so far.
        attack: one of ATTACKS; `settings` are those of `pgd`, and the `seed` of noise and random starts.
        source: the model that the adversarial images are made on, to see how they transfer; None is `model` itself.
        loss: whose gradient to follow; "nll-on-logits" is the tutorial's (see `logits_and_sign`).
        batch_size: None picks one that suits the device.

    Raises:
        ValueError: wrong shapes, pixels, labels, epsilons or attack.
    """
    options = {"attack": attack, "source": source, "loss": loss, "batch_size": batch_size}
    for result in stream(model, images, labels, epsilons, **options, **settings):
        if on_progress is not None:
            on_progress(result)
    return result


def stream(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilons: Sequence[float] = EPSILONS,
    *,
    attack: Attack = "fgsm",
    source: nn.Module | None = None,
    loss: Loss = "cross-entropy",
    batch_size: int | None = None,
    **settings,
) -> Iterator[SweepResult]:
    """`sweep` as an iterator: the result so far after each batch, all epsilons advancing together."""
    check_images(images)
    check_labels(labels, len(images))
    if len(epsilons) == 0 or len(set(epsilons)) != len(epsilons):
        raise ValueError(f"epsilons must be a list of different numbers, got {list(epsilons)!r}")
    for epsilon in epsilons:
        check_epsilon(epsilon)
    check_attack(attack)
    check_loss(loss)
    if loss != LOSSES[0] and attack != "fgsm":
        raise ValueError(f"the loss {loss!r} is for FGSM only, to reproduce the tutorial; got it with {attack!r}")
    device = next(model.parameters(), images).device
    if batch_size is None:
        batch_size = (
            2500 if device.type == "cuda" else 100 if attack == "pgd" else 400
        )  # on a CPU: what its cache holds
    elif batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    settings = {"attack": attack, "loss": loss, "seed": 0} | settings
    return _stream(model, source or model, images, labels, [float(e) for e in epsilons], batch_size, device, settings)


def _stream(
    model: nn.Module,
    source: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilons: list[float],
    batch_size: int,
    device: torch.device,
    settings: dict,
) -> Iterator[SweepResult]:
    flips = np.zeros((len(epsilons), CLASSES, CLASSES), dtype=np.int64)
    first_flips = np.zeros(len(epsilons) + 1, dtype=np.int64)
    ascending = np.argsort(epsilons).tolist()
    examples: list[list[Example]] = [[] for _ in epsilons]

    def attacked(start: int) -> tuple[np.ndarray, np.ndarray, list[list[Example]]]:
        """Flips and first flips of one batch, and what it has of examples where some are still wanted."""
        batch = images[start : start + batch_size].to(device)
        truth = labels[start : start + batch_size].to(device)
        aimed = aim(model=source, images=batch, labels=truth, **settings | {"seed": settings["seed"] + start})
        counts, found, fooled = [], [], []
        with torch.no_grad():
            before = (aimed.logits if source is model else model(batch)).argmax(1)
            for row, epsilon in enumerate(epsilons):
                adversarial = aimed.at(epsilon) if epsilon else batch
                after = model(adversarial).argmax(1) if epsilon else before
                counts.append(torch.bincount(truth * CLASSES + after, minlength=CLASSES * CLASSES))
                fooled.append(after != truth)
                found.append([])
                if len(examples[row]) < EXAMPLES:
                    shown = (before == truth) & (fooled[row] if epsilon else True)
                    found[row] = [
                        Example(start + i, int(before[i]), int(after[i]), _as_bytes(adversarial[i]))
                        for i in shown.nonzero().flatten()[:EXAMPLES].tolist()
                    ]
        by_epsilon = torch.stack([fooled[row] for row in ascending] + [torch.ones_like(truth, dtype=torch.bool)])
        first = by_epsilon.int().argmax(0).bincount(minlength=len(epsilons) + 1)
        return torch.stack(counts).view(-1, CLASSES, CLASSES).cpu().numpy(), first.cpu().numpy(), found

    threads = torch.get_num_threads()
    # Each core computes its own batches: threads that share an operation wait for one another, on a busy machine long.
    pool = ThreadPoolExecutor(CORES if device.type == "cpu" else 1, initializer=torch.set_num_threads, initargs=(1,))
    try:
        for counts, first, found in pool.map(attacked, range(0, len(images), batch_size)):
            flips, first_flips = flips + counts, first_flips + first
            for row in range(len(epsilons)):
                examples[row] += found[row][: EXAMPLES - len(examples[row])]
            yield SweepResult(
                epsilons=np.array(epsilons),
                flips=flips,
                first_flips=first_flips,
                total=len(images),
                examples=tuple(tuple(row) for row in examples),
            )
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def _as_bytes(image: Tensor) -> np.ndarray:
    return (image * 255).round().byte().view(28, 28).cpu().numpy()


def to_csv(result: SweepResult) -> str:
    """One line for each epsilon under the header `epsilon,correct,total,accuracy`; accuracy in 0..1."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["epsilon", "correct", "total", "accuracy"])
    for epsilon, correct, accuracy in zip(result.epsilons, result.correct, result.accuracies, strict=True):
        table.writerow([float(epsilon), int(correct), result.n_images, float(accuracy)])
    return text.getvalue()


def to_json(result: SweepResult) -> str:
    """The same as a list of objects, with `per_class` (10 accuracies, null for a class with no image) and `flips` (10
    rows, true class, of 10 counts, predicted class)."""
    rows = [
        {
            "epsilon": float(result.epsilons[row]),
            "correct": int(result.correct[row]),
            "total": result.n_images,
            "accuracy": float(result.accuracies[row]),
            "per_class": [None if np.isnan(value) else float(value) for value in result.per_class[row]],
            "flips": result.flips[row].tolist(),
        }
        for row in range(len(result.epsilons))
    ]
    return json.dumps(rows, indent=1)
