"""The server under load, asked as programs and pages with a guest ask: `python -m tests.bench.load`, about ten minutes
on two idle cores.

Starts `python app.py` on 127.0.0.1 and prints one table. A request is a scan under FGSM, of a test image or, 40% of
them, of a drawing; an answer counts as lost when it is not 200. The load generator runs beside the server on the same
cores: its share of a core is printed, too.

    python -m tests.bench.load --replicas    # 200 visitors before nginx and two of the app, one of which is killed
"""

import argparse
import asyncio
import base64
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from advdemo.images.mnist import load_mnist
from tests.bench.connection import Connection
from tests.conftest import running_app
from tests.replicas import Replicas, running_replicas

EVERY = 1.5  # seconds between the requests of a visitor
DRAWN = 0.4  # share of the requests that are drawings
SWEEP = {"images": 10_000, "epsilons": "0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3", "attack": "fgsm"}
TRAINING = {"recipe": "quick", "epochs": 8, "learning_rate": 0.1, "seed": 0}


def make_requests(count: int = 400) -> list[dict]:
    """What visitors ask, in an order that is always the same."""
    chance = random.Random(0)
    images, _ = load_mnist("test")
    requests = []
    for _ in range(count):
        index = chance.randrange(len(images))
        asked = {"pixels": encode(images[index, 0].numpy())} if chance.random() < DRAWN else {"index": index}
        requests.append(asked | {"label": None, "sides": [{"network": "standard", "attack": "fgsm", "target": None}]})
    return requests


def encode(pixels: np.ndarray) -> str:
    """An image as the page sends what was drawn."""
    return base64.b64encode((pixels * 255).astype(np.uint8).tobytes()).decode()


class Load:
    """One server and its visitors."""

    def __init__(self, port: int, server: int) -> None:
        self.port, self.server = port, server
        self.requests = make_requests()
        self.connections: dict[int, Connection] = {}

    async def ask(self, visitor: int, place: int) -> tuple[float, bool]:
        """(milliseconds, whether it was answered) of one request."""
        connection = self.connections.setdefault(visitor, Connection(self.port, f"visitor-{visitor}"))
        started = time.perf_counter()
        status, _ = await connection.post("/ask/scan", self.requests[place % len(self.requests)])
        return 1000 * (time.perf_counter() - started), status == 200

    async def visitors(self, count: int, seconds: float) -> list[tuple[float, bool]]:
        """So many visitors, each with a request every EVERY seconds."""
        end = time.perf_counter() + seconds
        answers: list[tuple[float, bool]] = []

        async def visit(visitor: int) -> None:
            place = 37 * visitor
            await asyncio.sleep(EVERY * visitor / count)
            while (started := time.perf_counter()) < end:
                answers.append(await self.ask(visitor, place))
                place += 1
                await asyncio.sleep(max(0.0, started + EVERY - time.perf_counter()))

        await asyncio.gather(*(visit(visitor) for visitor in range(count)))
        return answers

    async def rush(self, requests: int, clients: int = 12) -> tuple[float, list[tuple[float, bool]]]:
        """(seconds, answers) of so many requests, each client's next one as soon as it has its answer."""
        places = iter(range(requests))
        answers: list[tuple[float, bool]] = []

        async def client(visitor: int) -> None:
            # A name for each request: a page may ask ten a second.
            for place in places:
                connection = self.connections.setdefault(visitor, Connection(self.port, ""))
                connection.page = f"rush-{place}"
                answers.append(await self.ask(visitor, place))

        started = time.perf_counter()
        await asyncio.gather(*(client(10_000 + visitor) for visitor in range(clients)))
        return time.perf_counter() - started, answers

    async def sweep(self, visitor: str) -> tuple[float, float]:
        """Seconds of one sweep: from asking to the last figures, and without the waiting in the line."""
        started = begun = time.perf_counter()
        async for message in Connection(self.port, visitor).follow("/follow/sweep", SWEEP):
            if "result" not in message:
                begun = time.perf_counter()
        assert message["result"]["done"] == SWEEP["images"], message
        return time.perf_counter() - started, time.perf_counter() - begun

    async def train(self, name: str, until: Callable[[dict], bool]) -> None:
        """A training, left when a message is as wanted."""
        async with aclosing(Connection(self.port, name).follow("/follow/train", TRAINING)) as messages:
            async for message in messages:
                if "error" in message:
                    raise RuntimeError(message)
                if until(message):
                    return

    def memory(self) -> float:
        """Megabytes that the page's process holds."""
        return next(
            int(line.split()[1]) / 1024
            for line in Path(f"/proc/{self.server}/status").read_text().splitlines()
            if line.startswith("VmRSS")
        )


def tell(what: str, answers: list[tuple[float, bool]], extra: str = "") -> None:
    """A row of the table."""
    times = sorted(milliseconds for milliseconds, _ in answers)
    lost = sum(not answered for _, answered in answers)
    middle, high = statistics.median(times), times[int(0.95 * len(times))]
    print(f"{what:<46}{middle:>8.0f}{high:>8.0f}{times[-1]:>8.0f}{len(times):>8}{lost:>6}  {extra}", flush=True)


async def measure(load: Load, options: argparse.Namespace) -> None:
    await load.rush(200)
    print(f"{'milliseconds':<46}{'median':>8}{'95%':>8}{'worst':>8}{'asked':>8}{'lost':>6}")
    fresh = []
    for _ in range(3):
        seconds, answers = await load.rush(1000)
        fresh.append(len(answers) / seconds)
        tell("as fast as it can, 12 clients", answers, f"{len(answers) / seconds:.0f} a second")
    memory = load.memory()
    tell("50 visitors", await load.visitors(50, options.seconds))
    tell("200 visitors", await load.visitors(200, options.seconds))
    alone = statistics.median([(await load.sweep(f"alone-{turn}"))[0] for turn in range(3)])
    print(f"a sweep alone: {alone:.1f} s", flush=True)

    training = asyncio.ensure_future(load.train("trains", lambda message: False))
    visiting = asyncio.ensure_future(load.visitors(50, options.seconds))
    await asyncio.sleep(3)
    sweeps = await asyncio.gather(load.sweep("sweeps-1"), load.sweep("sweeps-2"))
    told = ", ".join(f"{whole:.1f} s ({own / alone:.1f} x alone once it runs)" for whole, own in sweeps)
    tell(
        "50 visitors, two sweeps, a training",
        await visiting,
        f"sweeps {told}; training {'on' if not training.done() else 'over'}",
    )
    training.cancel()
    await asyncio.gather(training, return_exceptions=True)

    seconds, answers = await load.rush(options.requests)
    tell(f"{options.requests:,} requests", answers, f"{len(answers) / seconds:.0f} a second")
    seconds, answers = await load.rush(1000)
    tell("as fast as it can, after them", answers, f"{len(answers) / seconds / statistics.median(fresh):.2f} x fresh")
    print(f"memory of the page's process: {memory:.0f} MB fresh, {load.memory():.0f} MB after them", flush=True)
    for number in range(options.trainings):
        await load.train(f"trains-{number}", lambda message: "update" in message)
    print(f"{load.memory():.0f} MB after {options.trainings} trainings begun and left", flush=True)


async def measure_replicas(load: Load, replicas: Replicas, seconds: float) -> None:
    for what in ("200 visitors, two replicas", "the same, one killed on the way"):
        before = len(replicas.log.read_text().splitlines())
        visiting = asyncio.ensure_future(load.visitors(200, seconds))
        await asyncio.sleep(seconds / 3)
        if what.startswith("the same"):
            next(iter(replicas.apps.values())).kill()
        answers = await visiting
        asked = Counter(line.split()[-1] for line in replicas.log.read_text().splitlines()[before:])
        tell(what, answers, ", ".join(map(str, asked.values())) + " answered by each")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--trainings", type=int, default=50)
    parser.add_argument("--replicas", action="store_true", help="two of the app behind nginx instead")
    options = parser.parse_args()
    if options.replicas:
        with TemporaryDirectory() as folder, running_replicas(Path(folder)) as replicas:
            load = Load(replicas.port, server=0)
            asyncio.run(measure_replicas(load, replicas, options.seconds))
        return
    with running_app() as (port, server):
        started, used = time.perf_counter(), time.process_time()
        asyncio.run(measure(Load(port, server.pid), options))
        share = (time.process_time() - used) / (time.perf_counter() - started)
        print(f"the load generator took {share:.0%} of one of {os.cpu_count()} cores")


if __name__ == "__main__":
    sys.exit(main())
