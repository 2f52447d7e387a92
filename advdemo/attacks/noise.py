"""FGSM's twin without aim: the same size, in a direction decided by chance."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from advdemo.attacks.chance import uniform
from advdemo.attacks.fgsm import perturb
from advdemo.attacks.inputs import check_images
from advdemo.attacks.settings import Prepared, Settings


@dataclass(frozen=True)
class Noise(Settings):
    """Nothing to set."""

    name = "noise"
    title = "random noise"
    told = "moves each pixel up or down at random, for comparison"
    knows = "nothing"
    targeted = False
    one_run = True
    quick = True
    batch_size = 400

    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """One random direction for every epsilon, the same wherever an image with these pixels is met."""
        with torch.no_grad():
            logits = model(images)
        sign = random_sign(images, seed)
        return Prepared(logits, sign, partial(perturb, images, sign))


def noise(images: Tensor, epsilon: float | Tensor, *, seed: int = 0) -> Tensor:
    """clip(x + epsilon * s, 0, 1): every pixel of float32 (N, 1, 28, 28) in [0, 1] moved by epsilon, up or down by
    chance. ValueError as for `perturb`."""
    images = check_images(images)
    return perturb(images, random_sign(images, seed), epsilon)


def random_sign(images: Tensor, seed: int = 0) -> Tensor:
    """-1 or 1 for each pixel, each as likely, in the images' shape, dtype and device."""
    return uniform(images, images.shape[1:], seed).mul_(2).sub_(1).sign_()
