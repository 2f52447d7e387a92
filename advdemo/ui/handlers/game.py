"""GAN: the game of generator and discriminator, to watch and to play.

The server keeps nothing of a game: pausing hands the pair to the browser, which sends it along to go on.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from advdemo.ui.jobs.game import Start, play
from advdemo.ui.requests import GameRequest, SteerRequest
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.networks import pack
from advdemo.ui.settings import minutes_allowed
from advdemo.ui.work.worker import Steering

SHIPPED_RATE = 5e-4  # what the shipped pair was trained at: larger steps would undo it
ENDLESS = 10**9  # steps
FEW = 10  # steps


async def run_game(service: Service, visitor: Visitor, request: GameRequest) -> AsyncGenerator[dict[str, Any], None]:
    """The visitor's place in the queue, then the game, as `jobs.game.play` yields it."""
    start = start_of(service, request)
    judge = pack(service.networks.shipped["standard"])
    steering = Steering()
    most_steps = request.most_steps or ENDLESS
    arguments = (start, request.settings, request.seed, most_steps, minutes_allowed(), judge)
    # A few steps are over before anybody could steer them, and their worker is kept for the next ones.
    long = most_steps > FEW
    work = service.workers.run(play, *arguments, long=long, steering=steering if long else None)
    service.games[visitor] = steering
    try:
        async for message in service.plays.follow(visitor, work):
            yield message
    finally:
        if service.games.get(visitor) is steering:
            del service.games[visitor]


async def steer(service: Service, visitor: Visitor, request: SteerRequest) -> dict[str, Any]:
    """Change the settings of the visitor's game: {"told": whether there was one}."""
    steering = service.games.get(visitor)
    # In a thread: a process that has just been started reads nothing for seconds.
    return {"told": steering is not None and await asyncio.to_thread(steering.tell, request.settings)}


def start_of(service: Service, request: GameRequest) -> Start:
    """Where to begin."""
    if request.start == "nothing":
        return Start(None)
    if request.pair is not None:
        _, record = service.pairs.remember(request.pair)
        steps, rate = record.get("steps"), record.get("learning_rate")
        if type(steps) is not int or not 0 <= steps <= ENDLESS or not isinstance(rate, float) or not 0 < rate <= 0.01:
            raise RefusalError("errors.bad_pair")
        return Start((request.pair.generator, request.pair.discriminator), steps, rate)
    pair = service.pairs.shipped[request.start]
    files = (pack(pair.generator), pack(pair.discriminator))
    return Start(files, pair.steps, SHIPPED_RATE) if request.start == "shipped" else Start(files, pair.steps)
