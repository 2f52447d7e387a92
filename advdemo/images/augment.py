"""Small random distortions of training digits, so that the network also recognises people's drawings."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

ROTATION = math.radians(10)
SHEAR = math.radians(8)
SCALE = 0.15  # each side is scaled by 0.85 to 1.15
SHIFT = 2.0  # pixels
THINNER, THICKER = 0.6, 0.8  # how far towards a stroke one pixel thinner or thicker on each side
STEEPER = 3.5  # a pen's edges are steeper than those of MNIST's scanned ink


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """A distorted copy of float32 (N, 1, 28, 28): each image gets its own rotation, shear, scale, shift, stroke
    thickness and steepness of edges. `generator` must live on the images' device."""
    images = _change_thickness(_warp(images, generator), generator)
    steepness = torch.empty(len(images), 1, 1, 1, device=images.device).uniform_(1.0, STEEPER, generator=generator)
    return ((images - 0.5) * steepness + 0.5).clamp_(0.0, 1.0)


def _warp(images: Tensor, generator: torch.Generator) -> Tensor:
    count, size = len(images), images.shape[-1]
    random = torch.rand(6, count, generator=generator, device=images.device) * 2 - 1
    angle, shear = random[0] * ROTATION, torch.tan(random[1] * SHEAR)
    across, down = 1 / (1 + random[2] * SCALE), 1 / (1 + random[3] * SCALE)
    shift = random[4:] * (2 * SHIFT / size)
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = [cos * across, (shear * cos - sin) * down, shift[0], sin * across, (shear * sin + cos) * down, shift[1]]
    matrices = torch.stack(rows, dim=1).view(count, 2, 3)
    return F.grid_sample(images, F.affine_grid(matrices, list(images.shape), align_corners=False), align_corners=False)


def _change_thickness(images: Tensor, generator: torch.Generator) -> Tensor:
    """Blend each image with its 3x3-cross dilation or erosion."""
    amount = torch.empty(len(images), 1, 1, 1, device=images.device).uniform_(-THINNER, THICKER, generator=generator)
    target = torch.where(amount > 0, _cross(images, torch.maximum), _cross(images, torch.minimum))
    return torch.lerp(images, target, amount.abs())


def _cross(images: Tensor, pick: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    padded = F.pad(images, (1, 1, 1, 1))
    result = images
    for rows, columns in ((slice(0, -2), slice(1, -1)), (slice(2, None), slice(1, -1)),
                          (slice(1, -1), slice(0, -2)), (slice(1, -1), slice(2, None))):  # fmt: skip
        result = pick(result, padded[..., rows, columns])
    return result
