"""Interval bound propagation (Gowal et al., 2018, "On the effectiveness of interval bound propagation for training
verifiably robust models"): bounds of every number that a network computes, over all images of a box at once, as centre
and radius.

An affine layer maps the centre as it maps an image and the radius by the sizes of its weights. ReLU and max-pooling
only ever grow with their inputs, so the two ends of an interval pass through them as they are. Twice the work of a
forward pass, differentiable, for a LeNet and for networks of the same layers in other sizes.

**Rounding.** The bounds hold in float32 as well as in exact arithmetic. Whatever the order in which a sum of n
products W x + b is taken, it is off by at most n u (|W| |x| + |b|), u = 2^-24 (Higham, 2002, "Accuracy and stability of
numerical algorithms", 3.1). `outward` therefore adds 2 n u (|W| |x| + |b|) to the radius: once for the network's own
sums, once for those in here, with EXTRA in n for the few operations between the layers.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional as F

from advdemo import MEAN, STD
from advdemo.networks.binarised import Binarised

UNIT = 2.0**-24  # of rounding, float32
EXTRA = 16  # operations on a number from one sum to the next, and more
PIXEL = 2.0**-20  # more than what rounding adds to a pixel's distance from the image, and to its normalisation

Bounds = tuple[Tensor, Tensor]  # centre, radius
Affine = nn.Conv2d | nn.Linear


def affine_layers(network: nn.Module) -> list[Affine]:
    """The convolutions, each followed by ReLU and 2x2 max-pooling, and the linear layers, each but the last followed by
    ReLU. ValueError for a network of other layers."""
    conv, fc = getattr(network, "conv", []), getattr(network, "fc", [])
    expected = [nn.Conv2d, nn.ReLU, nn.MaxPool2d] * (len(conv) // 3) + [nn.Linear, nn.ReLU] * (len(fc) // 2)
    if [type(layer) for layer in (*conv, *fc)] != [*expected, nn.Linear] or not conv:
        raise ValueError(f"bounds are for a LeNet, a {type(network).__name__} is made of other layers")
    return [layer for layer in (*conv, *fc) if isinstance(layer, (nn.Conv2d, nn.Linear))]


def bias_of(layer: Affine) -> Tensor:
    """(outputs,); zeros for a layer that has none."""
    return layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias


def padding_of(layer: nn.Conv2d) -> int:
    """Pixels added at each side of the square pictures."""
    return int(layer.padding[0])


def pixel_box(images: Tensor, epsilon: float | Tensor) -> Bounds:
    """All images within `epsilon` of each, clipped to [0, 1] and normalised: (N, 1, H, W) twice."""
    return _normalised((images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1))


def seen_box(network: nn.Module, images: Tensor, epsilon: float | Tensor) -> tuple[nn.Module, Bounds]:
    """The network whose layers bounds are for, and what reaches it of all images within `epsilon` of each: a
    `pixel_box`; behind rounding, the pixels that cannot cross 0.5 are fixed, the others black or white."""
    if not isinstance(network, Binarised):
        return network, pixel_box(images, epsilon)
    reach = epsilon + PIXEL
    return network.network, _normalised((images - reach).clamp(0, 1).round(), (images + reach).clamp(0, 1).round())


def _normalised(lower: Tensor, upper: Tensor) -> Bounds:
    return ((lower + upper) / 2 - MEAN) / STD, (upper - lower) / (2 * STD)


def hidden_bounds(network: nn.Module, box: Bounds, *, outward: bool = True) -> list[Bounds]:
    """Before each ReLU, the bounds over the images of a `pixel_box`, in the shapes of the layers' outputs; the last of
    the list are those of the last layer's inputs, after its ReLU."""
    centre, radius = box
    if outward:
        radius = radius + PIXEL / STD
    found = []
    for layer in affine_layers(network)[:-1]:
        if isinstance(layer, nn.Linear):
            centre, radius = centre.flatten(1), radius.flatten(1)
        centre, radius = affine(layer, centre, radius, outward)
        found.append((centre, radius))
        centre, radius = _PoolRelu.apply(centre, radius) if centre.dim() == 4 else _relu(centre, radius)
    return [*found, (centre, radius)]


def margins(network: nn.Module, box: Bounds, labels: Tensor, *, outward: bool = True) -> Tensor:
    """Lower bounds, float32 (N, classes), of logit[label] - logit[k] over the images of a `pixel_box`; 0 where k is the
    label. If all the others are positive, `labels` (N,) is the prediction for every image of the box.

    The last layer is taken for the differences, not for each logit (its elision), which is tighter.
    """
    centre, radius = hidden_bounds(network, box, outward=outward)[-1]
    last = affine_layers(network)[-1]
    sizes = (last.weight[:, None] - last.weight).abs()[labels]  # (N, classes, inputs)
    logits = F.linear(centre, last.weight, last.bias)
    spread = (sizes @ radius[..., None]).squeeze(-1)
    if outward:
        reach = centre.abs() + radius
        own = F.linear(reach, last.weight.abs(), bias_of(last).abs())  # (N, classes)
        spread = spread + rounding(last) * (own + own.gather(1, labels[:, None]))
    lower = logits.gather(1, labels[:, None]) - logits - spread
    return lower.scatter(1, labels[:, None], 0.0)


def affine(layer: Affine, centre: Tensor, radius: Tensor, outward: bool) -> Bounds:
    """The bounds behind one layer of those before it."""
    bias = torch.zeros_like(bias_of(layer))
    if outward:
        share = rounding(layer)
        radius, bias = radius + share * (centre.abs() + radius), share * bias_of(layer).abs()
    if isinstance(layer, nn.Linear):
        return F.linear(centre, layer.weight, layer.bias), F.linear(radius, layer.weight.abs(), bias)
    padding = padding_of(layer)
    return (
        F.conv2d(centre, layer.weight, layer.bias, padding=padding),
        F.conv2d(radius, layer.weight.abs(), bias, padding=padding),
    )


def rounding(layer: Affine) -> float:
    """2 n u of the rounding explained above."""
    return 2 * (layer.weight[0].numel() + EXTRA) * UNIT


def _relu(centre: Tensor, radius: Tensor) -> Bounds:
    lower, upper = (centre - radius).relu(), (centre + radius).relu()
    return (lower + upper) / 2, (upper - lower) / 2


class _PoolRelu(Function):
    """2x2 max-pooling and ReLU of bounds (N, C, 2H, 2W) -> (N, C, H, W). Written out, gradient and all, because most of
    a training step would go into the library's: this takes half of its time."""

    @staticmethod
    def forward(context: Any, centre: Tensor, radius: Tensor) -> Bounds:
        ends, saved = [], []
        for end in (centre - radius, centre + radius):
            a, b, c, d = _corners(end)
            above, below = torch.maximum(a, b), torch.maximum(c, d)
            pooled = torch.maximum(above, below).relu_()
            ends.append(pooled)
            saved += [a >= b, c >= d, above >= below, pooled]
        context.save_for_backward(*saved)
        context.shape = centre.shape
        lower, upper = ends
        return (lower + upper) / 2, (upper - lower) / 2

    @staticmethod
    def backward(context: Any, to_centre: Tensor, to_radius: Tensor) -> Bounds:
        saved = context.saved_tensors
        ends = []
        for gradient, (left_above, left_below, is_above, pooled) in (
            ((to_centre - to_radius) / 2, saved[:4]),
            ((to_centre + to_radius) / 2, saved[4:]),
        ):
            gradient = torch.where(pooled > 0, gradient, 0.0)
            above = gradient * is_above  # each gradient goes to the largest of its four, ties to the first
            below = gradient - above
            end = gradient.new_empty(context.shape)
            a, b, c, d = _corners(end)
            torch.sub(above, torch.mul(above, left_above, out=a), out=b)
            torch.sub(below, torch.mul(below, left_below, out=c), out=d)
            ends.append(end)
        lower, upper = ends
        return upper + lower, upper - lower


def _corners(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The four of every 2x2 window, as views (N, C, H, W)."""
    return x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]
