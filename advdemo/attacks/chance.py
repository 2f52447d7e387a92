"""Random numbers of an image's own: what chance does to an image depends on no other image of its batch."""

import zlib

import torch
from torch import Tensor


def uniform(images: Tensor, shape: tuple[int, ...], seed: int = 0) -> Tensor:
    """Random numbers in [0, 1), of the images' dtype and on their device: (N, *shape), seeded by `seed` and the pixels
    of each of N images, so that batches, devices and pages agree on them."""
    generator = torch.Generator()
    numbers = torch.empty((len(images), *shape), dtype=images.dtype)
    for image, row in zip(images.detach().cpu().numpy(), numbers, strict=True):
        generator.manual_seed(zlib.crc32(image.tobytes(), seed))
        row.uniform_(generator=generator)
    return numbers.to(images.device)
