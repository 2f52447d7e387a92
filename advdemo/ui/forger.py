"""The GAN's two players as the page uses them, and how a digit to order is named.

A digit is named by its class, a seed, which decides a plane through the forger's latent space, and a place on that
plane; a found one also by the plane's middle. That is all a link holds.
"""

import base64
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.discriminator import Discriminator, realness
from advdemo.networks.generator import LATENT, PER_UNIT, Generator, generate, plane
from advdemo.ui.questions import check_class, is_whole
from advdemo.ui.replies import RefusalError, shown

EDGE = 50  # a place's coordinates are whole numbers from -EDGE to EDGE
REACH = 1.2  # what the edge is on the plane


@dataclass(frozen=True)
class Order:
    """A digit that was asked for."""

    digit: int
    seed: int
    place: tuple[int, int]
    centre: Tensor | None  # float32 (64,)

    def latents(self, places: Tensor) -> Tensor:
        """float32 (N, 64) at places (N, 2) given in steps of EDGE."""
        return plane(self.seed, places * (REACH / EDGE), centre=self.centre)

    def latent(self) -> Tensor:
        """float32 (1, 64), the digit's own."""
        return self.latents(torch.tensor([self.place], dtype=torch.float32))


@dataclass(frozen=True)
class Pair:
    """A generator and the discriminator that was trained against it."""

    generator: Generator
    discriminator: Discriminator

    def draw(self, order: Order) -> tuple[Tensor, float]:
        """(The digit, float32 (1, 28, 28) of whole grey levels; how real the discriminator finds it, 0..1)."""
        image = whole_greys(generate(self.generator, torch.tensor([order.digit]), latent=order.latent()))
        return image[0], float(self.opinion(image, order.digit)[0])

    def opinion(self, images: Tensor, digit: int) -> Tensor:
        """float32 (N,): how real the discriminator finds each as a `digit`."""
        return realness(self.discriminator, images, torch.full((len(images),), digit, device=images.device))


def whole_greys(images: Tensor) -> Tensor:
    """What is left of images when they are shown: multiples of 1/255."""
    return (images * 255).round() / 255


def parse_order(order: object) -> Order:
    """{"digit": 0..9, "seed": whole number, "place": [x, y], "centre": 64 int8 as base64 or None}."""
    if not isinstance(order, dict):
        raise RefusalError("errors.bad_order")
    digit = check_class(order.get("digit"))
    if not is_whole(seed := order.get("seed"), 0, 2**32 - 1):
        raise RefusalError("errors.bad_seed", seed=shown(seed))
    place = order.get("place", [0, 0])
    if not isinstance(place, list) or len(place) != 2 or not all(is_whole(part, -EDGE, EDGE) for part in place):
        raise RefusalError("errors.bad_place", place=shown(place), edge=EDGE)
    return Order(digit, seed, (place[0], place[1]), _parse_centre(order.get("centre")))


def _parse_centre(text: object) -> Tensor | None:
    if text is None:
        return None
    try:
        content = base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except ValueError:
        content = b""
    if len(content) != LATENT:
        raise RefusalError("errors.bad_centre")
    return torch.from_numpy(np.frombuffer(content, np.int8).astype(np.float32)) / PER_UNIT


def load_pair(folder: Path) -> Pair | None:
    """The shipped pair; None, saying so on standard error, when a file is missing or broken."""
    try:
        generator, _ = load_checkpoint(folder / "generator.safetensors", kinds={"generator": Generator})
        discriminator, _ = load_checkpoint(folder / "discriminator.safetensors", kinds={"discriminator": Discriminator})
    except (OSError, ValueError) as error:
        remedy = "restore it with `git checkout -- checkpoints`"
        print(f"Starting without the generator of digits: {error}: {remedy}", file=sys.stderr, flush=True)
        return None
    assert isinstance(generator, Generator)
    assert isinstance(discriminator, Discriminator)
    return Pair(generator, discriminator)


def required(pair: Pair | None) -> Pair:
    """The pair; RefusalError when there is none."""
    if pair is None:
        raise RefusalError("errors.no_generator")
    return pair
