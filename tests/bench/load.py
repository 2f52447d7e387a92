"""The server under load, asked as the page asks: `python -m tests.bench.load`, about ten minutes on two idle cores.

Starts `python app.py` on 127.0.0.1 and prints one table. A visitor looks at a new digit every EVERY seconds: most are
drawn or of the board, and under FGSM, which the page answers alone, the others as KINDS says. Programs ("as fast as it
can") scan test images under FGSM. An answer counts as lost when it is not 200. The load generator runs beside the
server on the same cores: its share of a core is printed, too.

    python -m tests.bench.load --replicas    # 200 visitors before nginx and two of the app, one of which is killed
"""

import argparse
import asyncio
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

from tests.bench.connection import Connection
from tests.replicas import Replicas, running_replicas
from tests.running import running_app

EVERY = 10.0  # seconds that a visitor looks at one digit
KINDS = {  # of a visitor's digits, how many of a hundred
    "a test image off the board": 5,
    "PGD": 10,
    "nothing": 85,
}
SWEEP = {"images": 10_000, "epsilons": "0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3", "attack": "fgsm"}
Answer = tuple[float, bool]  # milliseconds, and whether it was one
TRAINING = {"recipe": "quick", "epochs": 8, "learning_rate": 0.1, "seed": 0}


def make_digits(count: int = 1000) -> list[tuple[str, list[tuple[str, dict]]]]:
    """What visitors look at, in an order that is always the same: the kind, and what the page asks for it."""
    chance = random.Random(0)
    digits = []
    for kind in chance.choices(list(KINDS), list(KINDS.values()), k=count):
        index = chance.randrange(10_000)
        attack = "pgd" if kind == "PGD" else "fgsm"
        digits.append((kind, [] if kind == "nothing" else [("/ask/scan", about(attack, index=index))]))
    return digits


def about(attack: str, **digit: object) -> dict:
    """A request about one digit under one attack on the standard network."""
    return digit | {"label": None, "sides": [{"network": "standard", "attack": attack, "target": None}]}


class Load:
    """One server and its visitors."""

    def __init__(self, port: int, server: int) -> None:
        self.port, self.server = port, server
        self.digits = make_digits()
        self.connections: dict[int, Connection] = {}

    async def ask(self, visitor: int, path: str, asked: dict) -> Answer:
        """(milliseconds, whether it was answered) of one request."""
        connection = self.connections.setdefault(visitor, Connection(self.port, f"visitor-{visitor}"))
        started = time.perf_counter()
        status, _ = await connection.post(path, asked)
        return 1000 * (time.perf_counter() - started), status == 200

    async def visitors(self, count: int, seconds: float) -> dict[str, list[Answer]]:
        """So many visitors, each with another digit every EVERY seconds: the answers, by the kind of digit."""
        end = time.perf_counter() + seconds
        answers: dict[str, list[Answer]] = {kind: [] for kind in KINDS if kind != "nothing"}

        async def visit(visitor: int) -> None:
            place = 37 * visitor
            await asyncio.sleep(EVERY * visitor / count)
            while (started := time.perf_counter()) < end:
                kind, asked = self.digits[place % len(self.digits)]
                for path, request in asked:
                    answers[kind].append(await self.ask(visitor, path, request))
                place += 1
                await asyncio.sleep(max(0.0, started + EVERY - time.perf_counter()))

        await asyncio.gather(*(visit(visitor) for visitor in range(count)))
        return answers

    async def rush(self, requests: int, clients: int = 12) -> tuple[float, list[Answer]]:
        """(seconds, answers) of so many scans, each client's next one as soon as it has its answer."""
        places = iter(range(requests))
        answers: list[Answer] = []

        async def client(visitor: int) -> None:
            # A name for each request: a page may ask ten a second.
            for place in places:
                connection = self.connections.setdefault(visitor, Connection(self.port, ""))
                connection.page = f"rush-{place}"
                answers.append(await self.ask(visitor, "/ask/scan", about("fgsm", index=37 * place % 10_000)))

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


def tell_visitors(what: str, answers: dict[str, list[Answer]], extra: str = "") -> None:
    """A row for each kind of digit."""
    for kind, some in answers.items():
        tell(f"{what}: {kind}", some, extra)
        extra = ""


def tell(what: str, answers: list[Answer], extra: str = "") -> None:
    """A row of the table."""
    times = sorted(milliseconds for milliseconds, _ in answers)
    lost = sum(not answered for _, answered in answers)
    middle, high = statistics.median(times), times[int(0.95 * len(times))]
    print(f"{what:<62}{middle:>8.0f}{high:>8.0f}{times[-1]:>8.0f}{len(times):>8}{lost:>6}  {extra}", flush=True)


async def measure(load: Load, options: argparse.Namespace) -> None:
    await load.rush(200)
    print(f"{'milliseconds':<62}{'median':>8}{'95%':>8}{'worst':>8}{'asked':>8}{'lost':>6}")
    fresh = []
    for _ in range(3):
        seconds, answers = await load.rush(1000)
        fresh.append(len(answers) / seconds)
        tell("as fast as it can, 12 clients", answers, f"{len(answers) / seconds:.0f} a second")
    memory = load.memory()
    tell_visitors("50 visitors", await load.visitors(50, options.seconds))
    tell_visitors("200 visitors", await load.visitors(200, options.seconds))
    alone = statistics.median([(await load.sweep(f"alone-{turn}"))[0] for turn in range(3)])
    print(f"a sweep alone: {alone:.1f} s", flush=True)

    training = asyncio.ensure_future(load.train("trains", lambda message: False))
    visiting = asyncio.ensure_future(load.visitors(50, options.seconds))
    await asyncio.sleep(3)
    sweeps = await asyncio.gather(load.sweep("sweeps-1"), load.sweep("sweeps-2"))
    told = ", ".join(f"{whole:.1f} s ({own / alone:.1f} x alone once it runs)" for whole, own in sweeps)
    tell_visitors(
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
        tell_visitors(what, answers, ", ".join(map(str, asked.values())) + " answered by each")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40)
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
