"""Networks of somebody's own, for `python -m advdemo show tests.guests:Means`."""

import torch
from torch import Tensor, nn

from advdemo.images.mnist import load_mnist


class Means(nn.Module):
    """Reads the digit whose mean test image is nearest: right four times out of five."""

    def __init__(self) -> None:
        super().__init__()
        images, labels = load_mnist("test")
        self.register_buffer("means", torch.stack([images[labels == digit].mean(0).flatten() for digit in range(10)]))

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.means.T - self.means.square().sum(1) / 2


def means() -> nn.Module:
    """Made by a function."""
    return Means()


number = 5
