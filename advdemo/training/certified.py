"""Certified training: a network learns from the worst that interval bounds allow, not from what an attack found (Gowal
et al., 2018; initial weights after Shi et al., 2021, "Fast certified robust training with short warmup").

Where adversarial training teaches the network to resist, this teaches it to be provable: the loss is an upper bound of
the loss of every image in the box.
"""

import math

import torch
from torch import Tensor, nn

from advdemo.networks.intervals import affine_layers, margins, pixel_box

SMALLER = 0.2  # of each batch has a random part of epsilon instead of the whole: accuracy for images left as they are
GROWTH = 1.2  # epsilon grows with this power of time, slowly at first
LARGEST_GRADIENT = 8.0  # its norm, to which longer ones are cut


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Weights, normal with deviation sqrt(2 pi) / inputs, through which a box keeps its size from layer to layer: with
    the usual ones it grows a hundredfold in a LeNet, and there is nothing to learn from."""
    for layer in affine_layers(network):
        nn.init.normal_(layer.weight, std=math.sqrt(2 * math.pi) / layer.weight[0].numel(), generator=generator)
        nn.init.zeros_(layer.bias)


def worst_logits(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float | Tensor) -> Tensor:
    """What cross-entropy takes in place of logits (N, 10): 0 for the label, for the other classes upper bounds of their
    lead over it within `epsilon`. The label is the largest only where the image is certified."""
    return -margins(network, pixel_box(images, epsilon), labels, outward=False)


def draw_epsilons(count: int, epsilon: float, generator: torch.Generator) -> Tensor:
    """(N, 1, 1, 1): `epsilon` for most images of a batch, for SMALLER of them anything from 0 to it."""
    epsilons = torch.full((count, 1, 1, 1), epsilon, device=generator.device)
    smaller = int(count * SMALLER)
    epsilons[:smaller] *= torch.rand(smaller, 1, 1, 1, generator=generator, device=generator.device)
    return epsilons
