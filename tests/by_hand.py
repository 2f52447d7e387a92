"""Networks whose attacks can be worked out by hand, or that watch what is asked of them, and input that is refused."""

import numpy as np
import torch
from torch import nn

ONE = torch.tensor([1])

# Of LeNet's parameters, by their names.
SHAPES = {
    "conv.0.weight": (6, 1, 5, 5), "conv.0.bias": (6,),
    "conv.3.weight": (16, 6, 5, 5), "conv.3.bias": (16,),
    "fc.0.weight": (120, 400), "fc.0.bias": (120,),
    "fc.2.weight": (84, 120), "fc.2.bias": (84,),
    "fc.4.weight": (10, 84), "fc.4.bias": (10,),
}  # fmt: skip


class TwoPixels(nn.Module):
    """Logit 0 is pixel (0, 0), logit 1 is pixel (0, 1), the others are far below: raising the loss of class 1 takes
    more of the first pixel and less of the second, and no other pixel matters."""

    def forward(self, images):
        first, second = images[:, 0, 0, 0], images[:, 0, 0, 1]
        return torch.stack([first, second] + [first * 0 - 100] * 8, dim=1)


class Blind(nn.Module):
    """The same logits for any image."""

    def forward(self, images):
        return images.flatten(1)[:, :10] * 0


class Forbidden(torch.autograd.Function):
    @staticmethod
    def forward(context, images):
        return images.clone()

    @staticmethod
    def backward(context, gradient):
        raise AssertionError("the attack asked for a gradient")


class BlackBox(torch.nn.Module):
    """A network that counts the pictures it is shown, and answers nobody who wants its gradient."""

    def __init__(self, model):
        super().__init__()
        self.model, self.pictures = model, 0

    def forward(self, images):
        self.pictures += len(images)
        return self.model(Forbidden.apply(images))


WRONG_IMAGES = {
    "no batch": torch.zeros(1, 28, 28),
    "colour": torch.zeros(1, 3, 28, 28),
    "too small": torch.zeros(1, 1, 27, 28),
    "empty": torch.zeros(0, 1, 28, 28),
    "bytes": torch.zeros(1, 1, 28, 28, dtype=torch.uint8),
    "double": torch.zeros(1, 1, 28, 28, dtype=torch.float64),
    "not a tensor": np.zeros((1, 1, 28, 28), dtype=np.float32),
    "above 1": torch.full((1, 1, 28, 28), 255.0),
    "below 0": torch.full((1, 1, 28, 28), -0.1),
    "NaN": torch.full((1, 1, 28, 28), torch.nan),
}


WRONG_LABELS = {
    "ten": torch.tensor([10]),
    "negative": torch.tensor([-1]),
    "too many": torch.tensor([1, 1]),
    "none": torch.tensor([], dtype=torch.int64),
    "a number": torch.tensor(1),
    "one-hot": torch.eye(10)[:1],
    "float": torch.tensor([1.0]),
    "not a tensor": [1],
}
