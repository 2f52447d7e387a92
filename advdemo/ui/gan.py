"""The GAN tab: watch the game of forger and detective, and play it.

The server keeps nothing of a game: pausing hands the pair to the browser, which sends it along to go on.
"""

import json
from collections.abc import AsyncGenerator
from dataclasses import fields
from typing import Any, get_args

from advdemo.training.gan import LIVE, Learner
from advdemo.ui import play
from advdemo.ui.component import component
from advdemo.ui.costs import minutes_allowed
from advdemo.ui.jobs import as_text
from advdemo.ui.models import pack
from advdemo.ui.play import REAL_SHOWN, Settings, Start, View
from advdemo.ui.questions import is_whole
from advdemo.ui.records import example_game
from advdemo.ui.replies import RefusalError, shown
from advdemo.ui.service import Service
from advdemo.ui.train import training_enabled
from advdemo.ui.visitors import Visitor
from advdemo.ui.worker import Steering

STARTS = ("nothing", "halfway", "shipped", "own")
SHIPPED_RATE = 5e-4  # what the shipped pair was trained at: larger steps would undo it
MOST_PACE = 100.0
FEW = 10  # steps


def gan_tab(service: Service) -> None:
    """Build the tab."""
    pair = service.pairs.shipped.get("shipped")
    view = View(service.models.shipped["standard"], service.models.device)
    setup = {
        "enabled": training_enabled(),
        "starts": [start for start in STARTS[:3] if start == "nothing" or start in service.pairs.shipped],
        "greed": play.GREED,
        "giant": play.GIANT,
        "batch": LIVE.batch_size,
        "shown": play.SHOWN,
        "real": as_text((view.real[:REAL_SHOWN, 0] * 255).round().byte().cpu().numpy()),
        "example": example_game(),
        "first": view.of(pair.generator, pair.discriminator) if pair else None,
    }
    component("gan", setup=json.dumps(setup))


async def run_game(service: Service, visitor: Visitor, question: dict) -> AsyncGenerator[dict, None]:
    """The visitor's place in the line, then the game, as `play.play` yields it.

    question: {"start": one of STARTS, "pair": {"generator", "discriminator": checkpoints as base64} for "own", "seed":
    int, "most_steps": int or None, "settings": as for `steer`}.
    """
    if not training_enabled():
        raise RefusalError("errors.training_off")
    settings = parse_settings(question.get("settings", {}))
    if not is_whole(seed := question.get("seed", 0), 0, 2**32 - 1):
        raise RefusalError("errors.bad_seed", seed=shown(seed))
    if not is_whole(most_steps := question.get("most_steps", 0) or 10**9, 1, 10**9):
        raise RefusalError("errors.bad_steps", steps=shown(most_steps))
    start = parse_start(service, question)
    judge = pack(service.models.shipped["standard"])
    steering = Steering()
    arguments = (start, settings, seed, most_steps, minutes_allowed(), judge)
    # A few steps are over before anybody could steer them, and their worker is kept for the next ones.
    endless = most_steps > FEW
    work = service.workers.run(play.play, *arguments, long=endless, steering=steering if endless else None)
    service.games[visitor] = steering
    try:
        async for message in service.plays.take_turns(visitor, work):
            yield message
    finally:
        if service.games.get(visitor) is steering:
            del service.games[visitor]


async def steer(service: Service, visitor: Visitor, question: dict) -> dict:
    """Change the settings of the visitor's game: {"told": whether there was one}."""
    settings = parse_settings(question.get("settings"))
    steering = service.games.get(visitor)
    return {"told": steering is not None and steering.tell(settings)}


def parse_start(service: Service, question: dict) -> Start:
    """Where to begin."""
    name = question.get("start")
    if name == "nothing":
        return Start(None)
    if name == "own":
        pair, generator, discriminator, record = service.pairs.parse(question.get("pair"))
        steps, rate = record.get("steps"), record.get("learning_rate")
        if not is_whole(steps, 0, 10**9) or not isinstance(rate, float) or not 0 < rate <= 0.01:
            raise RefusalError("errors.bad_pair")
        return Start((generator, discriminator), steps, rate)
    if not isinstance(name, str) or name not in service.pairs.shipped:
        raise RefusalError("errors.bad_start", start=shown(name), starts=", ".join(STARTS))
    pair = service.pairs.shipped[name]
    files = (pack(pair.generator), pack(pair.discriminator))
    return Start(files, pair.steps, SHIPPED_RATE) if name == "shipped" else Start(files, pair.steps)


def parse_settings(question: Any) -> Settings:
    """{"who", "pace", "greedy", "giant", "paused"}, each as in `Settings`, each optional."""
    names = [field.name for field in fields(Settings)]
    if not isinstance(question, dict) or not set(question) <= set(names):
        raise RefusalError("errors.bad_settings", names=", ".join(names))
    settings = Settings(**question)
    if settings.who not in get_args(Learner):
        raise RefusalError("errors.bad_learner", who=shown(settings.who))
    pace = settings.pace
    if isinstance(pace, bool) or not isinstance(pace, (int, float)) or not 0 <= pace <= MOST_PACE:
        raise RefusalError("errors.bad_pace", pace=shown(pace), most=MOST_PACE)
    if not all(isinstance(switch, bool) for switch in (settings.greedy, settings.giant, settings.paused)):
        raise RefusalError("errors.bad_settings", names=", ".join(names))
    return settings
