"""The GAN's pairs of generator and discriminator: the shipped ones, and visitors' own, kept as their networks are."""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from advdemo.networks.checkpoint import KINDS, load_checkpoint, parse_checkpoint
from advdemo.networks.discriminator import Discriminator, realness
from advdemo.networks.generator import PER_UNIT, Generator, generate, plane
from advdemo.networks.predict import pick_device
from advdemo.ui.fields import EDGE
from advdemo.ui.requests import OfPair, Order, PairFiles
from advdemo.ui.server.cache import Recent
from advdemo.ui.server.errors import RefusalError, refusing

REACH = 1.2  # what the edge is on the plane
REMEMBERED = 8  # visitors' pairs, of two megabytes each


def latents(order: Order, places: Tensor) -> Tensor:
    """float32 (N, 64) on an order's plane, at places (N, 2) given in steps of EDGE."""
    centre = None
    if order.centre is not None:
        centre = torch.from_numpy(np.frombuffer(order.centre, np.int8).astype(np.float32)) / PER_UNIT
    return plane(order.seed, places * (REACH / EDGE), centre=centre)


def latent(order: Order) -> Tensor:
    """float32 (1, 64), an order's own."""
    return latents(order, torch.tensor([order.place], dtype=torch.float32))


@dataclass(frozen=True)
class Pair:
    """A generator and the discriminator that was trained against it."""

    generator: Generator
    discriminator: Discriminator
    steps: int = 0  # that it has played, where that is known

    def draw(self, order: Order) -> tuple[Tensor, float]:
        """(The digit, float32 (1, 28, 28) of whole grey levels; how real the discriminator rates it, 0..1)."""
        image = whole_greys(generate(self.generator, torch.tensor([order.digit]), latent=latent(order)))
        return image[0], float(self.opinion(image, order.digit)[0])

    def opinion(self, images: Tensor, digit: int) -> Tensor:
        """float32 (N,): how real the discriminator rates each as a `digit`."""
        return realness(self.discriminator, images, torch.full((len(images),), digit, device=images.device))


def whole_greys(images: Tensor) -> Tensor:
    """What is left of images when they are shown: multiples of 1/255."""
    return (images * 255).round() / 255


class Pairs:
    """The shipped pairs by name, "shipped" and "halfway" where there are such, and a cache of visitors' pairs by hash.
    Safe to use from several threads."""

    def __init__(self, shipped: dict[str, Pair]) -> None:
        self.shipped = shipped
        self._visitors: Recent[str, Pair] = Recent(REMEMBERED)

    def pick(self, request: OfPair) -> Pair:
        """The pair that a request is about. RefusalError when there is none, or the hash is not known."""
        if request.forger is None:
            if "shipped" not in self.shipped:
                raise RefusalError("errors.no_generator")
            return self.shipped["shipped"]
        if request.pair is not None:
            return self.remember(request.pair)[0]
        pair = self._visitors.get(request.forger)
        if pair is None:
            raise RefusalError("errors.unknown_model")
        return pair

    def remember(self, files: PairFiles) -> tuple[Pair, dict[str, Any]]:
        """(The pair, the generator's record). RefusalError for files of other networks."""
        with refusing("errors.bad_pair"):
            generator, record = parse_checkpoint(files.generator, "generator", only("generator"))
            discriminator, _ = parse_checkpoint(files.discriminator, "discriminator", only("discriminator"))
        assert isinstance(generator, Generator)
        assert isinstance(discriminator, Discriminator)
        pair = Pair(generator.to(pick_device()), discriminator.to(pick_device()))
        name = hashlib.sha256(files.generator + files.discriminator).hexdigest()
        return self._visitors.get(name) or self._visitors.put(name, pair), record


def load_pairs(folder: Path) -> Pairs:
    """The shipped pairs; those whose files are missing or broken are left out, saying so on standard error."""
    pairs = {}
    for name, suffix in {"shipped": "", "halfway": "-halfway"}.items():
        try:
            generator, record = load_checkpoint(folder / f"generator{suffix}.safetensors", kinds=only("generator"))
            discriminator, _ = load_checkpoint(
                folder / f"discriminator{suffix}.safetensors", kinds=only("discriminator")
            )
        except (OSError, ValueError) as error:
            remedy = "restore it with `git checkout -- checkpoints`"
            print(f"Starting without a pair of the GAN: {error}: {remedy}", file=sys.stderr, flush=True)
            continue
        assert isinstance(generator, Generator)
        assert isinstance(discriminator, Discriminator)
        pairs[name] = Pair(generator, discriminator, record.get("steps", 0))
    return Pairs(pairs)


def only(kind: str) -> dict[str, type[nn.Module]]:
    """The one row of KINDS."""
    return {kind: KINDS[kind]}
