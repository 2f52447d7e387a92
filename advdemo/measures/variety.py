"""How different from one another images of the same class are: what mode collapse takes away."""

import torch
from torch import Tensor


def differences(images: Tensor, digits: Tensor) -> Tensor:
    """float32 (classes present,): the mean Euclidean distance between two images (N, 1, 28, 28) of the same class, for
    each class of `digits` (N,) in ascending order. ValueError where a class has one image alone."""
    found = []
    for digit in digits.unique():
        some = images[digits == digit].flatten(1)
        if len(some) < 2:
            raise ValueError(f"variety takes two images of a class, there is one {int(digit)}")
        found.append(torch.pdist(some).mean())
    return torch.stack(found)


def variety(images: Tensor, real: Tensor, digits: Tensor, real_digits: Tensor) -> float:
    """How different `images` of a class are, as a share of how different `real` ones are, in the mean over the classes:
    0 when each class has one image over and over, about 1 for real images. The classes must be the same."""
    return float((differences(images, digits) / differences(real, real_digits)).mean())
