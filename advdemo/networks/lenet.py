"""LeNet, as the tutorial has it, on [0, 1] pixels.

Normalisation is the network's first step, so that everything outside it (attacks, drawings, the page) speaks of pixels
in [0, 1] and an epsilon means the same everywhere. `advdemo.networks.fast` computes the same in half the time.
"""

from torch import Tensor, nn

from advdemo import CLASSES, MEAN, STD


class LeNet(nn.Module):
    """float32 pixels (N, 1, 28, 28) in [0, 1] -> logits (N, 10); 61,706 parameters (after LeCun et al., 1998,
    "Gradient-based learning applied to document recognition")."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),  # (N, 6, 14, 14)
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 16, 5, 5)
        )  # fmt: skip
        self.fc = nn.Sequential(
            nn.Linear(400, 120), nn.ReLU(),
            nn.Linear(120, 84), nn.ReLU(),
            nn.Linear(84, CLASSES),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.conv((images - MEAN) / STD).flatten(1))
