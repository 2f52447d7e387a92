"""What every attack refuses before any arithmetic."""

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

from advdemo import CLASSES, IMAGE_SHAPE

MAX_QUERIES = 20_000  # for one image


def check_epsilon(epsilon: float | Tensor, images: Tensor | None = None) -> float | Tensor:
    """`epsilon` as a float, or as a tensor without gradient, of the images' dtype and on their device. ValueError
    unless it is a number in 0..1, or a tensor (N, 1, 1, 1) of them, one for each image or several for one."""
    if not isinstance(epsilon, Tensor):
        return _number(epsilon)
    values = list(map(_number, epsilon.flatten().tolist()))
    count = len(values) if images is None or len(images) == 1 else len(images)
    if len(values) != 1 and epsilon.shape != (count, 1, 1, 1):
        wanted = f"a tensor ({count}, 1, 1, 1), one for each image"
        raise ValueError(f"epsilon must be a number or {wanted}, got {tuple(epsilon.shape)}")
    return epsilon.detach() if images is None else epsilon.detach().to(images)


def check_epsilons(epsilons: Iterable[float]) -> list[float]:
    """The epsilons as floats; ValueError unless there are some, each in 0..1, none twice."""
    try:
        numbers = [] if isinstance(epsilons, str) else [float(check_epsilon(epsilon)) for epsilon in epsilons]
    except TypeError:  # a number alone, a tensor or an array of one
        numbers = []
    if not numbers or len(set(numbers)) != len(numbers):
        raise ValueError(f"epsilons must be a list of different numbers, such as [0.1, 0.2], got {epsilons!r}")
    return numbers


def check_images(images: Tensor) -> Tensor:
    """The images without gradient and row by row in memory, as some networks' `view` demands; ValueError unless they
    are a float32 batch (N >= 1, 1, 28, 28) of pixels in [0, 1]."""
    if not isinstance(images, Tensor) or images.dtype != torch.float32 or images.shape[1:] != IMAGE_SHAPE:
        got = f"{images.dtype} {tuple(images.shape)}" if isinstance(images, Tensor) else type(images).__name__
        raise ValueError(f"images must be a float32 tensor (N, 1, 28, 28), got {got}")
    if len(images) == 0:
        raise ValueError("images must hold at least one image, got an empty batch")
    low, high = (bound.item() for bound in torch.aminmax(images))
    if low < 0:
        remedy = "if they are normalised, leave that out and make it the network's first step"
        raise ValueError(f"pixels must be finite and in [0, 1], got {low} to {high}: {remedy}")
    if not (0.0 <= low and high <= 1.0):
        raise ValueError(f"pixels must be finite and in [0, 1], got {low} to {high}: divide bytes by 255 first")
    return images.detach().contiguous()


def check_labels(labels: Tensor, count: int) -> None:
    """Raise ValueError unless `labels` is int64 (count,) with values in 0..9."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64 or labels.shape != (count,):
        got = f"{labels.dtype} {tuple(labels.shape)}" if isinstance(labels, Tensor) else type(labels).__name__
        raise ValueError(f"labels must be an int64 tensor ({count},), one for each image, got {got}")
    low, high = (bound.item() for bound in torch.aminmax(labels))
    if low < 0 or high >= CLASSES:
        raise ValueError(f"labels must be in 0..9, got {low if low < 0 else high}")


def check_steps(steps: int) -> None:
    """Raise ValueError unless `steps` is a whole number of at least 1."""
    if not _is_whole(steps) or steps < 1:
        raise ValueError(f"steps must be a whole number, at least 1, got {steps!r}")


def check_queries(queries: int) -> None:
    """Raise ValueError unless `queries` is a whole number in 1..MAX_QUERIES."""
    if not _is_whole(queries) or not 1 <= queries <= MAX_QUERIES:
        raise ValueError(f"queries must be a whole number from 1 to {MAX_QUERIES}, got {queries!r}")


def check_share(name: str, share: float) -> None:
    """Raise ValueError unless `share` is a finite number in 0..1."""
    if not _is_share(share):
        raise ValueError(f"{name} must be a number from 0 to 1, got {share!r}")


def check_targets(logits: Tensor, targets: Tensor) -> None:
    """Raise ValueError when `logits` (N, 10) already favour every target (N,): doing nothing would pass for success."""
    if bool((logits.argmax(1) == targets).all()):
        raise ValueError(f"the model already reads the image as {int(targets[0])}: choose another target")


def check_restarts(restarts: int, random_start: bool) -> None:
    """Raise ValueError unless `restarts` is a whole number of at least 1, and 1 without a random start."""
    if not _is_whole(restarts) or restarts < 1 or (restarts > 1 and not random_start):
        raise ValueError(f"restarts must be at least 1, and 1 without a random start, got {restarts!r}")


def copies(epsilon: float | Tensor, *tensors: Tensor) -> list[Tensor]:
    """`tensors`, each of N rows, as `epsilon` needs them: one image at several epsilons is a batch of copies."""
    count = len(epsilon) if isinstance(epsilon, Tensor) and epsilon.dim() else 1
    return [tensor.expand(max(len(tensor), count), *tensor.shape[1:]) for tensor in tensors]


def _number(epsilon: Any) -> float:
    if not _is_share(epsilon):
        raise ValueError(f"epsilon must be a number from 0 to 1 (1 is the whole pixel range), got {epsilon!r}")
    return float(epsilon)


def _is_share(value: Any) -> bool:
    """Whether it is a number from 0 to 1, Python's or NumPy's, and no truth value."""
    return isinstance(value, (float, Real)) and not isinstance(value, bool) and 0.0 <= float(value) <= 1.0


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
