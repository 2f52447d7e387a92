"""AdvGAN: a generator that has learnt to fool one network, and perturbs any image in one pass.

Xiao et al., 2018, "Generating adversarial examples with adversarial networks", https://arxiv.org/abs/1801.02610. All
the asking was done in training (training/advgan.py): at the time of the attack nothing is asked of the network, which
may be another than the one that the generator learnt from.
"""

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import torch
from torch import Tensor, nn

from advdemo import shipped
from advdemo.attacks.fgsm import perturb
from advdemo.attacks.inputs import check_epsilon, check_images
from advdemo.attacks.settings import Prepared, Settings
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.perturber import Perturber

SHIPPED = shipped("advgan.safetensors")


@dataclass(frozen=True)
class AdvGAN(Settings):
    """Where the generator's checkpoint is."""

    name = "advgan"
    title = "AdvGAN"
    told = "is one pass of a generator that was trained to fool the standard network"
    knows = "nothing"  # any more: all its queries were made in training
    targeted = False
    one_run = True
    quick = True
    batch_size = 400

    perturber: Path = SHIPPED

    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """One direction for every epsilon, from the image alone."""
        with torch.no_grad():
            logits = model(images)
        sign = direction(images, load_perturber(self.perturber))
        return Prepared(logits, sign, partial(perturb, images, sign))


def advgan(images: Tensor, epsilon: float | Tensor, *, perturber: Path = SHIPPED) -> Tensor:
    """clip(x + epsilon * s, 0, 1): every pixel of float32 (N, 1, 28, 28) in [0, 1] moved by epsilon, up or down as the
    generator has learnt. ValueError as for `perturb` and for a file that holds no such generator, FileNotFoundError
    without a file."""
    images = check_images(images)
    check_epsilon(epsilon, images)
    return perturb(images, direction(images, load_perturber(perturber)), epsilon)


@torch.no_grad()
def direction(images: Tensor, perturber: nn.Module) -> Tensor:
    """-1 or 1 for each pixel, in the images' shape, dtype and device, as a `Perturber` says."""
    return torch.where(perturber.to(images.device)(images) >= 0, 1.0, -1.0)


@cache
def load_perturber(path: Path) -> nn.Module:
    """The generator in a checkpoint, frozen. FileNotFoundError without a file, ValueError for another kind of file."""
    if not path.is_file():
        raise FileNotFoundError(f"no AdvGAN at {path}: make one with `python -m advdemo train-advgan --out {path}`")
    try:
        return load_checkpoint(path, "cpu", {"advgan": Perturber})[0]
    except ValueError as error:
        raise ValueError(
            f"{path} holds no AdvGAN: restore it, or make one with `python -m advdemo train-advgan`"
        ) from error
