"""AdvGAN: a generator that has learnt to fool one network, and perturbs any image in one pass.

Xiao et al., 2018, "Generating adversarial examples with adversarial networks", https://arxiv.org/abs/1801.02610. All
the asking was done in training (training/advgan.py): at the time of the attack nothing is asked of the network, which
may be another than the one that the generator learnt from.
"""

import json
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo import shipped
from advdemo.attacks.fgsm import perturb
from advdemo.attacks.inputs import Prepared, check_epsilon, check_images

SHIPPED = shipped("advgan.safetensors")


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


@dataclass(frozen=True)
class AdvGAN:
    """Where the generator's checkpoint is."""

    perturber: Path = SHIPPED

    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """One direction for every epsilon, from the image alone."""
        with torch.no_grad():
            logits = model(images)
        sign = direction(images, self.perturber)
        return Prepared(logits, sign, partial(perturb, images, sign))


def advgan(images: Tensor, epsilon: float | Tensor, *, perturber: Path = SHIPPED) -> Tensor:
    """clip(x + epsilon * s, 0, 1): every pixel of float32 (N, 1, 28, 28) in [0, 1] moved by epsilon, up or down as the
    generator has learnt. ValueError as for `perturb` and for a file that holds no such generator, FileNotFoundError
    without a file."""
    check_images(images)
    check_epsilon(epsilon)
    return perturb(images, direction(images, perturber), epsilon)


@torch.no_grad()
def direction(images: Tensor, perturber: Path) -> Tensor:
    """-1 or 1 for each pixel, in the images' shape, dtype and device."""
    drawn = load_perturber(perturber).to(images.device)(images)
    return torch.where(drawn >= 0, 1.0, -1.0)


@cache
def load_perturber(path: Path) -> Perturber:
    """The generator in a checkpoint, frozen. FileNotFoundError without a file, ValueError for another kind of file."""
    if not path.is_file():
        raise FileNotFoundError(f"no AdvGAN at {path}: make one with `python -m advdemo train-advgan --out {path}`")
    network = Perturber()
    try:
        with safe_open(path, "pt") as file:
            record = json.loads((file.metadata() or {}).get("record", "{}"))
            state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (it is no dict)
        if record.get("kind") != "advgan":
            raise ValueError(f"it holds a {record.get('kind')!r}")
        network.load_state_dict(state)
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{path} holds no AdvGAN: restore it, or make one with `python -m advdemo train-advgan`"
        ) from error
    return network.eval().requires_grad_(False)
