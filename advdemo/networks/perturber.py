"""AdvGAN's generator: Xiao et al., 2018, "Generating adversarial examples with adversarial networks",
https://arxiv.org/abs/1801.02610."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Perturber(nn.Module):
    """Pixels (N, 1, 28, 28) in [0, 1] -> (N, 1, 28, 28): positive where a pixel is to be made brighter, negative where
    darker; 79,428 parameters. It works at 7x7, where channels are cheap, and keeps what it saw of the finer pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(4, 32, 3, padding=1)  # at 14x14, four pixels as channels
        self.conv2 = nn.Conv2d(32, 48, 3, stride=2, padding=1)  # (N, 48, 7, 7)
        self.conv3 = nn.Conv2d(48, 48, 3, padding=1)
        self.conv4 = nn.Conv2d(48, 96, 3, padding=1)
        self.conv5 = nn.Conv2d(24 + 32, 4, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        fine = self.conv1(F.pixel_unshuffle(images - 0.5, 2)).relu()
        h = self.conv2(fine).relu()
        h = h + self.conv3(h).relu()
        h = F.pixel_shuffle(self.conv4(h).relu(), 2)  # (N, 24, 14, 14)
        return F.pixel_shuffle(self.conv5(torch.cat([h, fine], 1)), 2)
