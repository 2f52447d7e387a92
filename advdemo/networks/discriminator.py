"""The detective of the GAN: a digit and its class in, how real it looks out."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo import CLASSES

SLOPE = 0.2  # of the leaky ReLU


class Discriminator(nn.Module):
    """Pixels (N, 1, 28, 28) in [0, 1] and int64 classes (N,) -> logits (N,), positive for "real"; 178,817 parameters.
    The class enters by a projection of the features (Miyato and Koyama, 2018, "cGANs with projection discriminator").
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(16, 64, 3, padding=1)
        self.conv2 = nn.Conv2d(64, 64, 3, stride=2, padding=1)
        self.features = nn.Linear(64 * 4 * 4, 128)
        self.verdict = nn.Linear(128, 1)
        self.classes = nn.Embedding(CLASSES, 128)
        nn.init.normal_(self.classes.weight, std=0.05)

    def forward(self, images: Tensor, digits: Tensor) -> Tensor:
        h = F.leaky_relu(self.conv1(F.pixel_unshuffle(images, 4)), SLOPE)  # (N, 64, 7, 7)
        h = F.leaky_relu(self.conv2(h), SLOPE)  # (N, 64, 4, 4)
        h = F.leaky_relu(self.features(h.flatten(1)), SLOPE)  # (N, 128)
        return self.verdict(h)[:, 0] + (h * self.classes(digits)).sum(1)


@torch.no_grad()
def realness(discriminator: Discriminator, images: Tensor, digits: Tensor) -> Tensor:
    """The probability in 0..1, float32 (N,), that the discriminator gives each image of being real."""
    return discriminator(images, digits).sigmoid()
