"""A network that looks robust: pixels are rounded to black or white before it sees them.

Rounding is flat, so that no gradient comes back through it: attacks that follow gradients stand still. The network is
not robust for that. Who knows of the rounding leaves it out on the way back, and has a gradient again.
"""

from typing import Any

import torch
from torch import Tensor, nn

from advdemo.networks.fast import FastLeNet
from advdemo.networks.predict import freeze


class Binarised(nn.Module):
    """`network` behind pixels rounded at 0.5; float32 (N, 1, 28, 28) in [0, 1] -> logits (N, 10). Frozen, in eval
    mode; without a network it is a `FastLeNet` to load weights into."""

    def __init__(self, network: nn.Module | None = None) -> None:
        super().__init__()
        self.network = network or FastLeNet()
        freeze(self)

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images.round())

    def straight_through(self, images: Tensor) -> Tensor:
        """The same logits, with a gradient as if nothing had been rounded: the straight-through estimator (Bengio,
        Léonard and Courville, 2013), which attacks the network it is told of (see advdemo.attacks.bpda)."""
        return self.network(_StraightThrough.apply(images))


class _StraightThrough(torch.autograd.Function):
    """Rounding forward, the identity backward."""

    @staticmethod
    def forward(context: Any, images: Tensor) -> Tensor:
        return images.round()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return gradient
