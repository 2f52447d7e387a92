"""The GAN's two players as the page uses them, and how a digit to order is named.

A digit is named by its class, a seed, which decides a plane through the forger's latent space, and a place on that
plane; a found one also by the plane's middle. That is all a link holds.
"""

import base64
import hashlib
import sys
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from torch import Tensor, nn

from advdemo.networks.checkpoint import KINDS, load_checkpoint, parse_checkpoint
from advdemo.networks.discriminator import Discriminator, realness
from advdemo.networks.generator import LATENT, PER_UNIT, Generator, generate, plane
from advdemo.networks.predict import pick_device
from advdemo.ui.questions import check_class, is_whole
from advdemo.ui.replies import RefusalError, refusing, shown

EDGE = 50  # a place's coordinates are whole numbers from -EDGE to EDGE
REACH = 1.2  # what the edge is on the plane
MAX_FILE = 1_000_000  # characters of base64: the generator takes 860,000
REMEMBERED = 8  # visitors' pairs, of two megabytes each


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
    steps: int = 0  # that it has played, where that is known

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


class Pairs:
    """The shipped pairs by name, "shipped" and "halfway" where there are such, and a cache of visitors' pairs by hash.
    Safe to use from several threads."""

    def __init__(self, shipped: dict[str, Pair]) -> None:
        self.shipped = shipped
        self._visitors: OrderedDict[str, Pair] = OrderedDict()
        self._lock = Lock()

    def pick(self, question: dict) -> Pair:
        """The pair that a question is about: the one with the hash in "forger", whose files "pair" may bring along, or
        without one the shipped pair. RefusalError when there is none, or the hash is not known."""
        name = question.get("forger")
        if name is None:
            if "shipped" not in self.shipped:
                raise RefusalError("errors.no_generator")
            return self.shipped["shipped"]
        if "pair" in question:
            return self.parse(question["pair"])[0]
        with self._lock:
            if not isinstance(name, str) or name not in self._visitors:
                raise RefusalError("errors.unknown_model")
            self._visitors.move_to_end(name)
            return self._visitors[name]

    def parse(self, files: object) -> tuple[Pair, bytes, bytes, dict]:
        """(The pair, its two checkpoints, the generator's record) of {"generator", "discriminator": base64}, which is
        remembered. RefusalError for anything else."""
        contents, networks = [], []
        for kind in ("generator", "discriminator"):
            text = files.get(kind) if isinstance(files, dict) else None
            if not isinstance(text, str) or len(text) > MAX_FILE:
                raise RefusalError("errors.bad_pair")
            with refusing("errors.bad_pair"):
                contents.append(base64.b64decode(text, validate=True))
                networks.append(parse_checkpoint(contents[-1], kind, only(kind)))
        (generator, record), (discriminator, _) = networks
        assert isinstance(generator, Generator)
        assert isinstance(discriminator, Discriminator)
        pair = Pair(generator.to(pick_device()), discriminator.to(pick_device()))
        name = hashlib.sha256(b"".join(contents)).hexdigest()
        with self._lock:
            pair = self._visitors.setdefault(name, pair)
            self._visitors.move_to_end(name)
            while len(self._visitors) > REMEMBERED:
                self._visitors.popitem(last=False)
        return pair, contents[0], contents[1], record


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
