"""The GAN's game: played until the visitor pauses it, steered meanwhile."""

import base64
import copy
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from advdemo.images.greys import as_bytes
from advdemo.images.mnist import load_mnist
from advdemo.measures.variety import variety
from advdemo.networks.checkpoint import pack_checkpoint, parse_checkpoint
from advdemo.networks.discriminator import Discriminator
from advdemo.networks.generator import LATENT, Generator
from advdemo.networks.predict import classify, pick_device
from advdemo.training.gan import LIVE, Game, GanRecipe
from advdemo.training.pair import halved
from advdemo.ui.jobs import test_images
from advdemo.ui.requests import GameSettings
from advdemo.ui.server.replies import as_text
from advdemo.ui.work import mail

SECONDS_BETWEEN_PICTURES = 0.25
SECONDS_BETWEEN_COPIES = 20  # of the pair, for the browser to keep: all that is lost with a server; 1.4 MB each
WATCHED = 100  # forgeries that are judged, ten of each class; always of the same latents
SHOWN = 30  # of them, three of each class
REAL_SHOWN = 20  # of the test images, two of each class
GREED = 15  # steps of a greedy generator for one of the discriminator's
GIANT = 10.0  # times the learning rate, in giant steps


@dataclass(frozen=True)
class Start:
    """Where a game begins: a pair as two checkpoints, or None for a new one."""

    pair: tuple[bytes, bytes] | None
    steps: int = 0  # that it has played
    learning_rate: float = LIVE.learning_rate


def play(
    start: Start, settings: GameSettings, seed: int, most_steps: int, minutes: float, judge: bytes
) -> Iterator[dict[str, Any]]:
    """{"doing": what comes before the first step}, {"update": what is to be seen} some four times a second, at the end
    {"pair": both checkpoints as base64, their hash, steps and learning rate}, and now and then before it the same as
    {"copy": ...}. The game ends when it is paused, after `most_steps` or after `minutes`. `judge` is the checkpoint of
    the network that reads the forgeries."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # quicker than two that wait for one another, with batches this small
    try:
        yield from _play(start, settings, seed, most_steps, minutes, judge)
    finally:
        torch.set_num_threads(threads)


def _play(
    start: Start, settings: GameSettings, seed: int, most_steps: int, minutes: float, judge: bytes
) -> Iterator[dict[str, Any]]:
    yield {"doing": "images"}
    device = pick_device()
    game = open_game(start, seed, device)
    images, labels = (part.to(device) for part in load_mnist("train"))
    yield {"doing": "forgeries"}
    view = View(parse_checkpoint(judge, "the judge")[0].to(device), device)
    yield {"update": seen(view, game) | {"seconds": 0.0}}
    began = shown = copied = time.perf_counter()
    end = began + 60 * minutes
    while not (settings.paused or game.steps - start.steps >= most_steps or time.perf_counter() > end):
        game.recipe = recipe_under(settings, start.learning_rate)
        batch = torch.randint(len(images), (LIVE.batch_size,), generator=game.random, device=device)
        game.step(images[batch], labels[batch], who=settings.who)
        if time.perf_counter() - shown > SECONDS_BETWEEN_PICTURES or settings.pace:
            shown = time.perf_counter()
            yield {"update": seen(view, game) | {"seconds": shown - began}}
            if shown - copied > SECONDS_BETWEEN_COPIES:
                copied = shown
                yield {"copy": packed(game, start.learning_rate)}
        settings = steered(settings, end - time.perf_counter())
    yield {"update": seen(view, game) | {"seconds": time.perf_counter() - began}}
    yield {"pair": packed(game, start.learning_rate)}


def recipe_under(settings: GameSettings, learning_rate: float) -> GanRecipe:
    """How the pair learns under these settings."""
    rate = learning_rate * (GIANT if settings.giant else 1)
    return replace(LIVE, learning_rate=rate, forger_steps=GREED if settings.greedy else 1)


def open_game(start: Start, seed: int, device: torch.device) -> Game:
    """A new game, or one that goes on from a pair."""
    game = Game(LIVE, seed + start.steps, device)
    if start.pair is not None:
        generator, discriminator = (parse_checkpoint(content, "the pair")[0] for content in start.pair)
        assert isinstance(generator, Generator)
        assert isinstance(discriminator, Discriminator)
        game.take(generator, discriminator, start.steps)
    return game


def steered(settings: GameSettings, left: float) -> GameSettings:
    """The newest settings; at a pace, after the pause that it asks for, but no longer than the seconds `left`, or as
    soon as there are new ones."""
    newer = mail.wait(min(1 / settings.pace, left) if settings.pace else 0)
    while newer is not None:
        settings = newer
        newer = mail.wait(0)
    return settings


def seen(view: "View", game: Game) -> dict[str, Any]:
    """The game as it stands, in a view."""
    return view.of(game.generator, game.discriminator) | {"steps": game.steps}


class View:
    """What there is to see of a pair."""

    def __init__(self, judge: nn.Module, device: torch.device) -> None:
        self.judge = judge
        random = torch.Generator().manual_seed(0)
        self.latents = torch.randn(WATCHED, LATENT, generator=random).to(device)
        self.digits = (torch.arange(WATCHED) % 10).to(device)
        images, labels = test_images()
        places = [(labels == digit).nonzero()[: WATCHED // 10, 0] for digit in range(10)]
        chosen = torch.stack(places).T.flatten()  # a row of the ten digits after the other
        self.real, self.real_digits = images[chosen].to(device), labels[chosen].to(device)

    @torch.no_grad()
    def of(self, generator: Generator, discriminator: Discriminator) -> dict[str, Any]:
        """`forgeries` as base64 of SHOWN x 784 bytes, how real the discriminator finds each (`opinions`) and each of
        REAL_SHOWN real digits (`real_opinions`), 0..1, and the means of both, `fake` and `real`; over WATCHED forgeries
        the share `read` as asked and the `variety`. While it learns the generator is in training mode: its running
        batch norms come late. Looking changes nothing."""
        drawn = copy.deepcopy(generator)(self.latents, self.digits)  # in training mode it would note what it saw

        def opinions(images: Tensor, digits: Tensor, count: int) -> list[float]:
            return [float(rate) for rate in discriminator(images[:count], digits[:count]).sigmoid()]

        of_fake = opinions(drawn, self.digits, SHOWN)
        of_real = opinions(self.real, self.real_digits, REAL_SHOWN)
        return {
            "forgeries": as_text(as_bytes(drawn[:SHOWN, 0])),
            "opinions": of_fake,
            "real_opinions": of_real,
            "fake": fmean(of_fake),
            "real": fmean(of_real),
            "read": float((classify(self.judge, drawn) == self.digits).float().mean()),
            "variety": variety(drawn, self.real, self.digits, self.real_digits),
        }


def packed(game: Game, learning_rate: float) -> dict[str, Any]:
    """The pair as it stands: {"generator", "discriminator": checkpoints as base64, "hash", "steps",
    "learning_rate"}."""
    networks = {"generator": game.generator, "discriminator": game.discriminator}
    files = {
        kind: pack_checkpoint(
            halved(network).state_dict(), {"kind": kind, "steps": game.steps, "learning_rate": learning_rate}
        )
        for kind, network in networks.items()
    }
    name = hashlib.sha256(b"".join(files.values())).hexdigest()
    texts = {kind: base64.b64encode(content).decode() for kind, content in files.items()}
    return texts | {"hash": name, "steps": game.steps, "learning_rate": learning_rate}
