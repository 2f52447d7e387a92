"""A whole data set against a list of epsilons. FGSM takes one gradient an image, then one forward pass an epsilon."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from advdemo import CLASSES
from advdemo.attacks import Settings, find_attack
from advdemo.attacks.inputs import check_epsilons, check_images, check_labels
from advdemo.cores import each_core
from advdemo.images.greys import as_bytes

if TYPE_CHECKING:
    from advdemo.measures.bounds import CertifiedResult

EPSILONS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)  # the PyTorch tutorial's
TUTORIAL_ACCURACIES = (0.9904, 0.969, 0.9079, 0.7557, 0.5029, 0.3029, 0.1596)  # what it published for them
EXAMPLES = 10  # kept for each epsilon
CUDA_BATCH = 2500


@dataclass(frozen=True)
class Example:
    """One image with which the attack fools the network (at epsilon 0: one that is classified correctly)."""

    index: int  # in the data set
    before: int  # the class predicted without the attack
    after: int  # the class predicted with it
    image: np.ndarray  # uint8 (28, 28), the adversarial image


@dataclass(frozen=True)
class SweepResult:
    """Predictions for `n_images` images at each of E epsilons; while a sweep runs, for those done so far."""

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
    attack: str | Settings = "fgsm",
    source: nn.Module | None = None,
    batch_size: int | None = None,
    seed: int = 0,
) -> SweepResult:
    """Robust accuracy under an attack at each epsilon; at epsilon 0 it is the clean accuracy.

    Args:
        model: a frozen classifier, pixels -> logits, on the device to compute on.
        images: float32 (N, 1, 28, 28) in [0, 1]; labels: int64 (N,) in 0..9.
        epsilons: each in 0..1, none twice.
        on_progress: called after each batch with the result so far.
        attack: a name of ATTACKS, or settings such as `PGD(steps=10)`.
        source: the model that the adversarial images are made on, to see how they transfer; None is `model` itself.
        batch_size: None picks one that suits attack and device.
        seed: decides what is random in the attack.

    Raises:
        ValueError: wrong shapes, pixels, labels, epsilons or attack.
    """
    options: dict[str, Any] = {"attack": attack, "source": source, "batch_size": batch_size, "seed": seed}
    for result in sweep_stream(model, images, labels, epsilons, **options):
        if on_progress is not None:
            on_progress(result)
    return result


def sweep_stream(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilons: Sequence[float] = EPSILONS,
    *,
    attack: str | Settings = "fgsm",
    source: nn.Module | None = None,
    batch_size: int | None = None,
    seed: int = 0,
) -> Iterator[SweepResult]:
    """`sweep` as an iterator: the result so far after each batch, all epsilons advancing together."""
    images = check_images(images)
    check_labels(labels, len(images))
    numbers = check_epsilons(epsilons)
    row, settings = find_attack(attack)
    device = next(model.parameters(), images).device
    if batch_size is None:
        batch_size = CUDA_BATCH if device.type == "cuda" else row.batch_size
    elif batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    made_on = model if source is None else source
    return _Batches(model, made_on, images, labels, numbers, settings, batch_size, seed).run(device)


@dataclass
class _Batches:
    """A sweep under way, on inputs already checked."""

    model: nn.Module
    source: nn.Module
    images: Tensor
    labels: Tensor
    epsilons: list[float]
    settings: Settings
    batch_size: int
    seed: int

    def run(self, device: torch.device) -> Iterator[SweepResult]:
        """The result so far after each batch."""
        rows, total = len(self.epsilons), len(self.images)
        flips = np.zeros((rows, CLASSES, CLASSES), dtype=np.int64)
        first_flips = np.zeros(rows + 1, dtype=np.int64)
        self.examples: list[list[Example]] = [[] for _ in self.epsilons]
        with each_core(device) as pool:
            for counts, first, found in pool.map(partial(self._attack, device), range(0, total, self.batch_size)):
                flips, first_flips = flips + counts, first_flips + first
                for row in range(rows):
                    self.examples[row] += found[row][: EXAMPLES - len(self.examples[row])]
                yield SweepResult(
                    epsilons=np.array(self.epsilons),
                    flips=flips,
                    first_flips=first_flips,
                    total=total,
                    examples=tuple(tuple(row) for row in self.examples),
                )

    def _attack(self, device: torch.device, start: int) -> tuple[np.ndarray, np.ndarray, list[list[Example]]]:
        """Flips and first flips of one batch, and what it has of examples where some are still wanted."""
        batch = self.images[start : start + self.batch_size].to(device)
        truth = self.labels[start : start + self.batch_size].to(device)
        prepared = self.settings.prepare(self.source, batch, truth, seed=self.seed)
        counts, fooled = [], []
        found: list[list[Example]] = []
        with torch.no_grad():
            before = (prepared.logits if self.source is self.model else self.model(batch)).argmax(1)
            for row, epsilon in enumerate(self.epsilons):
                adversarial = prepared.at(epsilon) if epsilon else batch
                after = self.model(adversarial).argmax(1) if epsilon else before
                counts.append(torch.bincount(truth * CLASSES + after, minlength=CLASSES * CLASSES))
                fooled.append(after != truth)
                found.append([])
                if len(self.examples[row]) < EXAMPLES:
                    shown = (before == truth) & (fooled[row] if epsilon else True)
                    chosen = shown.nonzero().flatten()[:EXAMPLES]
                    places, *reads = (part.tolist() for part in (chosen + start, before[chosen], after[chosen]))
                    found[row] = list(map(Example, places, *reads, as_bytes(adversarial[chosen, 0])))
        ascending = np.argsort(self.epsilons).tolist()
        by_epsilon = torch.stack([fooled[row] for row in ascending] + [torch.ones_like(truth, dtype=torch.bool)])
        first = by_epsilon.int().argmax(0).bincount(minlength=len(self.epsilons) + 1)
        return torch.stack(counts).view(-1, CLASSES, CLASSES).cpu().numpy(), first.cpu().numpy(), found


def to_csv(result: "SweepResult | CertifiedResult") -> str:
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
