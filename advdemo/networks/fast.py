"""The same LeNet in half the time: its forward and its backward pass, each written out as one step.

What a deep-learning library does layer by layer costs more in between the layers than in them: LeNet's are small, and
most of the time goes into pooling and into memory layouts that do not suit the processor. Four changes, none of which
changes a value by more than rounding:

1. Pooling and ReLU commute, max(relu(x)) = relu(max(x)), so pooling comes first and ReLU has a quarter of the work.
2. The first convolution never makes its 28x28 outputs. Pooling looks at windows of 2x2 of them; so each of a window's
   four outputs becomes a channel of its own, and one convolution at stride 2 makes all four:

        w . .      the 5x5 weight at its four places in 6x6, one for each output of a window:
        . . .      6 channels become 4 x 6, at 14x14 places instead of 28x28

   Pooling is then the largest of four channels, without any walk over windows. The gradient for the images is an
   ordinary convolution, too: each pixel of a window meets every other row and column of the 6x6 weights, turned around.
3. The second convolution's gradients are each taken in the memory layout (NCHW or NHWC) that is quickest for it.
4. Nothing is computed that nobody asked for: attacks want the gradient of the pixels, training that of the weights.

Ties are broken as `max_pool2d` does, the gradient going to the first of equal values, so that the gradient's sign is
that of the plain network. A test holds the two equal.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from advdemo import IMAGE_SHAPE, MEAN, STD
from advdemo.networks.lenet import LeNet

NHWC = torch.channels_last


class FastLeNet(LeNet):
    """`LeNet` with the same parameters and values; float32 (N, 1, 28, 28) in [0, 1] -> logits (N, 10), ValueError for
    another shape. Hooks on its layers do not run, and it can be differentiated once only: `LeNet` does both."""

    def __init__(self) -> None:
        super().__init__()
        units = torch.eye(25).view(25, 1, 5, 5)
        places = [F.pad(units, (column, 1 - column, row, 1 - row)) for row in (0, 1) for column in (0, 1)]
        # (25, 4 * 36): puts a weight of 25 values at its four places in 6x6.
        self.register_buffer("places", torch.stack(places, dim=1).view(25, 4 * 36), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1:] != IMAGE_SHAPE:
            raise ValueError(f"LeNet takes pixels (N, 1, 28, 28), got {tuple(images.shape)}")
        return _Step.apply(images, self.places, *self.conv.parameters(), *self.fc.parameters())


class _Step(torch.autograd.Function):
    """Normalisation, all of LeNet's layers, and their gradients."""

    @staticmethod
    def forward(context: Any, images: Tensor, places: Tensor, *parameters: Tensor) -> Tensor:
        w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = parameters
        x = (images - MEAN).div_(STD)  # (N, 1, 28, 28)
        placed = (w1.view(6, 25) @ places).view(6, 4, 36).transpose(0, 1).reshape(24, 1, 6, 6)  # (4 * 6, 1, 6, 6)
        y1 = F.conv2d(x, placed, b1.repeat(4), stride=2, padding=2)  # (N, 4 * 6, 14, 14)
        windows = y1.reshape(len(x), 4, 1, -1).permute(0, 3, 1, 2)  # (N, 6 * 196, 4, 1)
        pooled1, at1 = F.max_pool2d(windows, (4, 1), return_indices=True)  # (N, 6 * 196, 1, 1)
        h1 = pooled1.view(-1, 6, 14, 14).relu()  # (N, 6, 14, 14)
        h1_nhwc, w2_nhwc = (tensor.contiguous(memory_format=NHWC) for tensor in (h1, w2))
        y2 = F.conv2d(h1_nhwc, w2_nhwc, b2)  # (N, 16, 10, 10)
        pooled2, at2 = F.max_pool2d(y2, 2, return_indices=True)  # (N, 16, 5, 5)
        h2 = pooled2.flatten(1).relu()  # (N, 400)
        h3 = torch.addmm(b3, h2, w3.T).relu_()  # (N, 120)
        h4 = torch.addmm(b4, h3, w4.T).relu_()  # (N, 84)
        context.save_for_backward(x, places, placed, at1, h1, h1_nhwc, w2, w2_nhwc, at2, h2, w3, h3, w4, h4, w5)
        return torch.addmm(b5, h4, w5.T)  # (N, 10)

    @staticmethod
    def backward(context: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        # Gradients are on in here only for a second derivative. A constant g would let it pass for zero.
        return _Step.derivatives(context, g.clone().requires_grad_() if torch.is_grad_enabled() else g)

    @staticmethod
    @once_differentiable
    def derivatives(context: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, places, placed, at1, h1, h1_nhwc, w2, w2_nhwc, at2, h2, w3, h3, w4, h4, w5 = context.saved_tensors
        count, to_weights = len(x), context.needs_input_grad[2]
        gradients: list[Tensor | None] = [None] * 10
        for layer, (weight, h) in zip((8, 6, 4), ((w5, h4), (w4, h3), (w3, h2)), strict=True):
            if to_weights:
                gradients[layer : layer + 2] = g.T @ h, g.sum(0)
            g = _relu_gradient(g @ weight, h)  # (N, 84), (N, 120), (N, 400)
        g = g.new_zeros(count, 16, 100).scatter_(2, at2.flatten(2), g.view(count, 16, 25))  # (N, 16, 100)
        g = g.view(count, 16, 10, 10)
        if to_weights:
            g_nhwc = g.contiguous(memory_format=NHWC)
            gradients[2:4] = _convolution_gradients(g_nhwc, h1_nhwc, w2_nhwc, wanted=(False, True, True))[1:]
        g, _, _ = _convolution_gradients(g, h1, w2, wanted=(True, False, False))  # (N, 6, 14, 14)
        g = _relu_gradient(g, h1).view(count, 1, -1)  # (N, 1, 6 * 196)
        g = g.new_zeros(count, 4, g.shape[2]).scatter_(1, at1.view(count, 1, -1), g)  # (N, 4, 6 * 196)
        g = g.view(count, 24, 14, 14)
        if to_weights:
            _, to_placed, sums = _convolution_gradients(g, x, placed, stride=2, padding=2, wanted=(False, True, True))
            to_w1 = to_placed.view(4, 6, 36).transpose(0, 1).reshape(6, 144) @ places.T  # (6, 25)
            gradients[:2] = to_w1.view(6, 1, 5, 5), sums.view(4, 6).sum(0)
        to_images = None
        if context.needs_input_grad[0]:
            phases = placed.view(24, 3, 2, 3, 2).permute(2, 4, 0, 1, 3).flip(-1, -2).reshape(4, 24, 3, 3)
            to_images = F.pixel_shuffle(F.conv2d(g, phases, padding=1), 2).div_(STD)  # (N, 1, 28, 28)
        return to_images, None, *gradients


def _relu_gradient(gradient: Tensor, output: Tensor) -> Tensor:
    return torch.ops.aten.threshold_backward(gradient, output, 0)


def _convolution_gradients(
    gradient: Tensor, x: Tensor, weight: Tensor, *, stride: int = 1, padding: int = 0, wanted: tuple[bool, bool, bool]
) -> tuple[Any, Any, Any]:
    """The gradients for (x, weight, bias), None for those that are not wanted."""
    options = [len(weight)], [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1
    return torch.ops.aten.convolution_backward(gradient, x, weight, *options, wanted)
