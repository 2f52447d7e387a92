"""CROWN: linear bounds of a LeNet's margins around one image (Zhang et al., 2018, "Efficient neural network robustness
certification with general activation functions"; tighter than there for max-pooling).

Interval bounds forget that the numbers of one layer come from the same pixels. These do not: every ReLU and every
pooling window is enclosed by two linear functions of its inputs, one below and one above. A margin, a weighted sum of
the last hidden layer, is then bounded by one of the layer before (the function below where its weight is positive, the
one above where it is negative), and so on back to the pixels, whose worst case is known. The enclosures need bounds of
their inputs, each layer's found in the same way from the layers before it.

**The enclosure of a window**, y = max(0, x1, ..., x4) with l <= x <= u (a lone ReLU is a window of one):

    below   y >= x_i for any i, and y >= 0: the i with the highest centre if that is positive, else 0
    above   y <= level + slope (x_t - l_t): t has the highest u of all; `level` is the highest of 0, all l and all the
            other u, so that only x_t can exceed it; slope = (u_t - level) / (u_t - l_t)

Implementations that take the constant max(u) above certify about half the epsilon.

**Layout.** A convolution with pooling behind it is computed on blocks: the 2x2 pixels of a block, and the 2x2 outputs
of a window, are channels, so that it is a convolution of blocks by a kernel half as wide, and windows lie in one axis:
hidden layers are (C, 4, H, W) or (units, 1) here, the axis of windows always being 1.

**Rounding** is accounted for as in `advdemo.networks.intervals`: each layer's `noise` bounds what float32 adds to its
outputs in the network, and to the weighted sums of them in here; constants are added up in float64.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo import STD
from advdemo.networks.intervals import (
    EXTRA,
    PIXEL,
    UNIT,
    Affine,
    Bounds,
    affine_layers,
    bias_of,
    hidden_bounds,
    padding_of,
    seen_box,
)


class Enclosure(NamedTuple):
    """below_slope * x - below <= y <= above_slope * x + above, for the windows of one layer; or of a patch of it for
    each of R rows, then with a first axis of R."""

    below_slope: Tensor  # (C, 4, H, W) or (units, 1), and so on throughout
    above_slope: Tensor
    below: Tensor  # (C, H, W) or (units,)
    above: Tensor


@torch.no_grad()
def linear_margins(network: nn.Module, image: Tensor, epsilon: float, label: int) -> Tensor:
    """Lower bounds, float64 (classes,), of logit[label] - logit[k] over all images within `epsilon` of `image`, float32
    (1, 28, 28), that are in [0, 1]; infinite at k = label. ValueError for a network that is no LeNet, binarised or
    not."""
    network, box = seen_box(network, image[None], epsilon)
    *hidden, last = map(_Layer, affine_layers(network))
    coarse = hidden_bounds(network, box)
    centre, radius = (part[0] for part in box)
    reach = centre.abs() + radius
    box = centre, radius + PIXEL / STD + (centre.numel() + EXTRA) * UNIT * reach
    for depth, (layer, (middle, spread)) in enumerate(zip(hidden, coarse, strict=False)):
        noise = layer.noise(reach)
        lower, upper = (middle - spread)[0], (middle + spread)[0]
        if depth > 0:
            _tighten(lower, upper, hidden[:depth], layer.affine, noise, box)
        lower, upper, noise = (_as_windows(part) for part in (lower, upper, noise))
        layer.enclosure = enclose(lower, upper, noise)
        reach = upper.amax(1).relu()
    noise, weight, bias = last.noise(reach).double(), last.affine.weight, bias_of(last.affine)
    margins = _lowest(hidden, weight[label] - weight, (bias[label] - bias).double(), box) - noise[label] - noise
    margins[label] = torch.inf
    return margins


def enclose(lower: Tensor, upper: Tensor, noise: Tensor) -> Enclosure:
    """The two linear functions around windows whose inputs lie between `lower` and `upper`, give or take `noise`."""
    middle = lower + upper
    best = middle.argmax(1, keepdim=True)
    below_slope = torch.zeros_like(lower).scatter_(1, best, (middle.gather(1, best) > 0).to(lower.dtype))
    top = upper.argmax(1, keepdim=True)
    others = upper.scatter(1, top, 0.0).amax(1, keepdim=True)
    level = torch.maximum(lower.amax(1, keepdim=True), others).relu()
    low, high = lower.gather(1, top), upper.gather(1, top)
    slope = ((high - level) / (high - low).clamp(min=1e-30)).clamp(0, 1)
    above = level - slope * low + slope * noise.gather(1, top) + EXTRA * UNIT * (low.abs() + high.abs())
    return Enclosure(
        below_slope=below_slope,
        above_slope=torch.zeros_like(upper).scatter_(1, top, slope),
        below=(below_slope * noise).sum(1),
        above=(above * (1 + 2 * UNIT * above.numel())).squeeze(1),  # they are added up in float32
    )


class _Layer:
    """An affine layer and, once its inputs are known, the enclosure of the ReLU (and pooling) behind it."""

    enclosure: Enclosure

    def __init__(self, affine: Affine) -> None:
        self.affine = affine
        if isinstance(affine, nn.Conv2d):
            places = [(column, 1 - column, row, 1 - row) for row in (0, 1) for column in (0, 1)]
            placed = torch.stack([F.pad(affine.weight, place) for place in places], dim=1)  # (O, 4, C, K + 1, K + 1)
            blocks = F.pixel_unshuffle(placed, 2).flatten(0, 1)  # (O * 4, C * 4, (K + 1) / 2, (K + 1) / 2)
            self.turned = blocks.flip(-1, -2).transpose(0, 1).contiguous()  # of the transposed convolution

    def pull(self, rows: Tensor, *, patch: bool = False) -> Tensor:
        """Weights of this layer's outputs as weights of its inputs: (R, O * 4, H, W) -> (R, C, H', W'). For outputs in
        a patch, those of the padded inputs."""
        if isinstance(self.affine, nn.Linear):
            return rows @ self.affine.weight
        padding = 0 if patch else padding_of(self.affine) // 2
        return F.pixel_shuffle(F.conv2d(rows, self.turned, padding=self.turned.shape[-1] - 1 - padding), 2)

    def noise(self, reach: Tensor) -> Tensor:
        """What rounding adds at most to each output, in its shape, when no input is larger than `reach`: in the
        network's sum over inputs, in `pull`'s over outputs, and in that of the biases over all outputs."""
        weight, bias = self.affine.weight.abs(), bias_of(self.affine).abs()
        terms = weight[0].numel() + weight[:, 0].numel() + EXTRA
        if isinstance(self.affine, nn.Linear):
            products = F.linear(reach.flatten(), weight)
        else:
            products = F.conv2d(reach, weight, padding=self.affine.padding)
            bias = bias[:, None, None]
        return UNIT * (terms * products + (terms + products.numel()) * bias)


def _tighten(
    lower: Tensor, upper: Tensor, before: Sequence[_Layer], affine: Affine, noise: Tensor, box: Bounds
) -> None:
    """Improve, in place, the bounds of a layer's outputs by what is known of the layers before it: of those outputs
    only that matter to an enclosure."""
    if isinstance(affine, nn.Linear):
        units = ((lower < 0) & (upper > 0)).nonzero(as_tuple=True)
    else:
        level = _as_windows(lower).amax(1, keepdim=True).relu()
        units = F.pixel_shuffle((_as_windows(upper) > level).flatten(0, 1).float(), 2).nonzero(as_tuple=True)
        patches = _Patches(before, box, affine.weight.shape[-1], units[1:])
    for end, bound, sign in ((lower, torch.maximum, 1), (upper, torch.minimum, -1)):
        rows, constant = sign * affine.weight[units[0]], sign * bias_of(affine)[units[0]].double()
        if isinstance(affine, nn.Linear):
            found = _lowest(before, rows, constant, box)
        else:
            found = patches.lowest(rows, constant)
        end[units] = bound(end[units], (sign * (found - noise[units])).float())


def _lowest(before: Sequence[_Layer], rows: Tensor, constant: Tensor, box: Bounds) -> Tensor:
    """Lower bounds, float64 (R,), of rows (R, ...) times the outputs of the layers `before`, plus constant (R,)."""
    for layer in reversed(before):
        rows = rows.view(len(rows), *layer.enclosure.below.shape)
        rows, constant = _through(layer, layer.enclosure, rows, constant)
        rows = layer.pull(rows)
    return constant + _worst(rows, *box)


class _Patches:
    """What the outputs of the second convolution at R `places` see: each a patch of the first layer's windows, and of
    the pixels."""

    def __init__(self, before: Sequence[_Layer], box: Bounds, size: int, places: Sequence[Tensor]) -> None:
        (self.layer,) = before
        first = self.layer.affine
        assert isinstance(first, nn.Conv2d)
        self.enclosure = Enclosure(*(_cut(part, size, 1, places) for part in self.layer.enclosure))
        pixels = 2 * size + first.weight.shape[-1] - 1
        self.box = [_cut(F.pad(part, [padding_of(first)] * 4), pixels, 2, places) for part in box]

    def lowest(self, rows: Tensor, constant: Tensor) -> Tensor:
        """`_lowest` for those outputs: rows (R, C, K, K) are their weights of the windows."""
        rows, constant = _through(self.layer, self.enclosure, rows, constant)
        return constant + _worst(self.layer.pull(rows, patch=True), *self.box)


def _through(layer: _Layer, enclosure: Enclosure, rows: Tensor, constant: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (R, ...) of what is behind a layer's windows as weights of the layer's outputs."""
    positive, negative = rows.clamp(min=0), rows.clamp(max=0)
    constant = constant + _dot(negative, enclosure.above) - _dot(positive, enclosure.below)
    rows = torch.addcmul(positive.unsqueeze(2) * enclosure.below_slope, negative.unsqueeze(2), enclosure.above_slope)
    return rows.flatten(1, 2), constant + (rows.flatten(2).sum(2) @ bias_of(layer.affine)).double()


def _worst(rows: Tensor, centre: Tensor, radius: Tensor) -> Tensor:
    """The lowest value, float64 (R,), of rows times the pixels in a box."""
    return _dot(rows, centre) - _dot(rows.abs(), radius)


def _dot(rows: Tensor, values: Tensor) -> Tensor:
    """(R, ...) times (...), or (R, ...) for a value each row its own -> float64 (R,)."""
    if values.dim() < rows.dim():
        return (rows.flatten(1) @ values.flatten()).double()
    return torch.linalg.vecdot(rows.flatten(1), values.flatten(1)).double()


def _as_windows(outputs: Tensor) -> Tensor:
    """(C, 2H, 2W) -> (C, 4, H, W), or (units,) -> (units, 1)"""
    return outputs[:, None] if outputs.dim() == 1 else F.pixel_unshuffle(outputs, 2).unflatten(0, (-1, 4))


def _cut(x: Tensor, size: int, step: int, places: Sequence[Tensor]) -> Tensor:
    """Of (..., H, W) the patch at each of R places, `step` apart: (R, ..., size, size)."""
    return x.unfold(-2, size, step).unfold(-2, size, step).movedim((-4, -3), (0, 1))[tuple(places)]
