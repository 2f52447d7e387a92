"""Proof: how far every image around a given one is sure to be read alike, whatever the attack.

Two methods, from the files beside: "intervals" (advdemo.networks.intervals: thousands of images a second, tight only on
networks that were trained for it) and "crown" (advdemo.measures.linear_bounds: one image at a time, far tighter on the
others). What either proves is true of this network, of changes up to epsilon in every pixel, within [0, 1]; what it
does not prove may be true as well.

Proofs are computed on the CPU, of a copy where the network is on CUDA, and are the same for both: they allow for sums
that are rounded term by term, in any order, and cuDNN may add up by Winograd's algorithm or by a Fourier transform.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from advdemo import CLASSES, IMAGE_SHAPE
from advdemo.attacks.inputs import check_epsilons, check_images, check_labels
from advdemo.cores import each_core
from advdemo.measures.linear_bounds import linear_margins
from advdemo.measures.sweep import EPSILONS
from advdemo.networks.intervals import affine_layers, margins, seen_box

RESOLUTION = 1e-4  # of certified_epsilon
LARGEST = round(1 / RESOLUTION)  # step, epsilon 1
MOST_GUESSES = 9  # before halving
FIRST_GUESS = 250  # in steps of RESOLUTION, about what CROWN proves on a network trained without thought of it
METHODS = {"intervals": 250, "crown": 4}  # images at a time: what the cache holds; what is told of one by one


def certified_epsilon(
    model: nn.Module, image: Tensor, label: int, *, method: str = "crown", on_step: Callable[[], None] = lambda: None
) -> float:
    """The largest epsilon for which it could be proved that no image within |x' - x| <= epsilon and [0, 1] is read as
    anything but `label`: a lower bound of the smallest epsilon that any attack can succeed with.

    Args:
        model: a frozen LeNet, on any device.
        image: float32 (1, 28, 28), or a batch of one, in [0, 1], on any device.
        label: the true class, 0..9.
        method: "crown" (tight, 0.1 to 0.3 s) or "intervals" (some milliseconds).
        on_step: called before each epsilon that CROWN tries; what it raises ends the search.

    Returns:
        a multiple of 1e-4 in 0..1; 0.0 when the image itself is misread, or nothing can be proved.

    Raises:
        ValueError: wrong shape, pixels, label or method, or a network that is no LeNet.
    """
    batch = image[None] if isinstance(image, Tensor) and image.dim() == 3 else image
    batch = check_images(batch)
    if len(batch) != 1:
        raise ValueError(f"certified_epsilon takes one image (1, 28, 28), got {len(batch)}")
    if isinstance(label, bool) or not isinstance(label, (int, np.integer)):
        raise ValueError(f"label must be an integer in 0..9, got {label!r}")
    model, batch, truth = _on_cpu(model), batch.cpu(), torch.tensor([int(label)])
    check_labels(truth, 1)
    _check_method(method)
    by_intervals = _largest_by_intervals(model, batch, truth)
    if method == "intervals":
        return round(by_intervals * RESOLUTION, 4)
    clean = _margin(model, batch, truth)

    def margin(step: int) -> float:
        on_step()
        return _crown_margin(model, batch[0], step * RESOLUTION, truth)

    steps = _largest(margin, by_intervals, clean)
    return round(steps * RESOLUTION, 4)


@dataclass(frozen=True)
class CertifiedResult:
    """What of `n_images` images is proved at each of E epsilons; while a sweep runs, of those done so far. What
    `SweepResult` has of the same names means the same here, "correct" being certified."""

    epsilons: np.ndarray  # float64 (E,)
    certified: np.ndarray  # int64 (E, 10), images read as their true class whatever the change, by that class
    images: np.ndarray  # int64 (10,), all of them, by true class
    total: int  # images in the whole sweep

    @cached_property
    def n_images(self) -> int:
        return int(self.images.sum())

    @cached_property
    def correct(self) -> np.ndarray:
        """int64 (E,), images certified."""
        return self.certified.sum(axis=1)

    @cached_property
    def accuracies(self) -> np.ndarray:
        """float64 (E,) in 0..1: no attack within epsilon can bring the accuracy below this."""
        return self.correct / self.n_images

    @cached_property
    def per_class(self) -> np.ndarray:
        """float64 (E, 10) in 0..1, within each true class; NaN for a class with no image."""
        return np.divide(self.certified, self.images, out=np.full(self.certified.shape, np.nan), where=self.images > 0)


def check_network(model: nn.Module) -> None:
    """Raise ValueError for a network that is no LeNet, binarised or not: there are no bounds for it."""
    affine_layers(seen_box(model, torch.zeros(1, *IMAGE_SHAPE), 0.0)[0])


def certified_stream(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilons: Sequence[float] = EPSILONS,
    *,
    method: str = "intervals",
    batch_size: int | None = None,
) -> Iterator[CertifiedResult]:
    """Certified accuracy at each epsilon: the result so far after each batch.

    Args:
        model: a frozen LeNet, on any device.
        images: float32 (N, 1, 28, 28) in [0, 1]; labels: int64 (N,) in 0..9; on any device.
        epsilons: each in 0..1, none twice.
        method: "intervals", or "crown" (up to 0.03 s for each image and epsilon) for what intervals leave open.
        batch_size: None picks one that suits the method.

    Raises:
        ValueError: wrong shapes, pixels, labels, epsilons or method, or a network that is no LeNet.
    """
    images = check_images(images)
    check_labels(labels, len(images))
    numbers = check_epsilons(epsilons)
    _check_method(method)
    check_network(model)
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    return _stream(_on_cpu(model), images.cpu(), labels.cpu(), numbers, method, batch_size or METHODS[method])


def _stream(
    model: nn.Module, images: Tensor, labels: Tensor, epsilons: list[float], method: str, batch_size: int
) -> Iterator[CertifiedResult]:
    certified, count = np.zeros((len(epsilons), CLASSES), dtype=np.int64), np.zeros(CLASSES, dtype=np.int64)
    batches = list(zip(images.split(batch_size), labels.split(batch_size), strict=True))

    def prove(batch: tuple[Tensor, Tensor]) -> tuple[np.ndarray, np.ndarray]:
        proved = _proved_at(model, *batch, epsilons, method)
        one_hot = torch.nn.functional.one_hot(batch[1], CLASSES)
        return (proved @ one_hot).numpy(), one_hot.sum(0).numpy()

    with each_core(torch.device("cpu")) as pool:
        for found, seen in pool.map(prove, batches):
            certified, count = certified + found, count + seen
            yield CertifiedResult(np.array(epsilons), certified, count, total=len(images))


def _proved_at(model: nn.Module, images: Tensor, labels: Tensor, epsilons: list[float], method: str) -> Tensor:
    """int64 (E, N), 1 where proved. What fails at one epsilon is not asked at larger ones."""
    proved = torch.zeros(len(epsilons), len(images), dtype=torch.long)
    left = torch.arange(len(images))
    for row in np.argsort(epsilons).tolist():
        held = _proved(model, images[left], labels[left], epsilons[row])
        if method == "crown":
            for i in (~held).nonzero().flatten().tolist():
                held[i] = _crown_margin(model, images[left[i]], epsilons[row], labels[left[i]]) > 0
        left = left[held]
        proved[row, left] = 1
    return proved


def _largest_by_intervals(model: nn.Module, image: Tensor, label: Tensor, *, points: int = 21) -> int:
    """In steps of RESOLUTION: `points` epsilons at a time, which cost little more than one."""
    low, high = -1, LARGEST + 1  # proved, not proved
    while high - low > 1:
        steps = torch.linspace(low, high, points + 2, dtype=torch.float64)[1:-1].round().long().unique()
        steps = steps[(steps > low) & (steps < high)]
        proved = _proved(model, image.expand(len(steps), -1, -1, -1), label.expand(len(steps)), steps * RESOLUTION)
        low = int(steps[proved].max()) if proved.any() else low
        high = int(steps[~proved].min()) if not proved.all() else high
    return max(low, 0)


def _proved(model: nn.Module, images: Tensor, labels: Tensor, epsilons: float | Tensor) -> Tensor:
    """bool (N,), by intervals; one epsilon for all or one for each."""
    if isinstance(epsilons, Tensor):
        epsilons = epsilons.to(images).view(-1, 1, 1, 1)
    with torch.inference_mode():
        lowest = margins(*seen_box(model, images, epsilons), labels)
    return (lowest.scatter(1, labels[:, None], torch.inf) > 0).all(1)


def _margin(model: nn.Module, image: Tensor, label: Tensor) -> float:
    with torch.inference_mode():
        logits = model(image)[0]
    return (logits[label] - logits.index_fill(0, label, -torch.inf).max()).item()


def _crown_margin(model: nn.Module, image: Tensor, epsilon: float, label: Tensor) -> float:
    return linear_margins(model, image, epsilon, int(label)).min().item()


def _largest(margin: Callable[[int], float], proved: int, clean: float) -> int:
    """The last step at which `margin` is positive, as it is at `proved`. Margins fall from the `clean` one at 0 about
    as a power of epsilon, near 2: guessed by that, four or five of them do what bisection needs 13 for."""
    low, high = proved, LARGEST + 1
    falls: list[tuple[float, float]] = []  # (log of a step, log of how much the margin has fallen there, 0: all of it)
    step = max(FIRST_GUESS, proved + 1)
    while clean > 0 and high - low > 1:
        at = margin(step)
        low, high = (step, high) if at > 0 else (low, step)
        falls.append((math.log(step), math.log(max(1 - at / clean, 1e-6))))
        guess = _crossing(falls) if len(falls) < MOST_GUESSES else (low + high) / 2
        step = min(max(int(guess), low + 1), 4 * step, high - 1)
    return low


def _crossing(falls: list[tuple[float, float]]) -> float:
    """The exponential of x where a curve x(y) through the two or three points nearest to y = 0 crosses it; LARGEST at
    most."""
    (x0, y0), *others = sorted(falls, key=lambda point: abs(point[1]))[:3]
    x = x0 - y0 / 2
    if others and others[0][1] != y0:
        x1, y1 = others[0]
        x = x0 - y0 * (x1 - x0) / (y1 - y0)
        if len(others) == 2 and others[1][1] not in (y0, y1):
            x2, y2 = others[1]
            bend = ((x2 - x1) / (y2 - y1) - (x1 - x0) / (y1 - y0)) / (y2 - y0)
            x += bend * y0 * y1  # Newton's form of the polynomial through all three
    return math.exp(min(max(x, 0.0), math.log(LARGEST)))


def _on_cpu(model: nn.Module) -> nn.Module:
    """The network itself, or a copy of it where it is on another device."""
    return model if next(model.parameters()).device.type == "cpu" else deepcopy(model).cpu()


def _check_method(method: str) -> None:
    if method not in METHODS:
        raise ValueError(f"unknown method {str(method)[:40]!r}: choose one of {', '.join(METHODS)}")
