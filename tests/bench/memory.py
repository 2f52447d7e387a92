"""Whether the page's process grows under mixed traffic: `python -m tests.bench.memory`, an hour on two idle cores.

Starts `python app.py` on 127.0.0.1 and asks it, from eight clients at once, for everything in KINDS in turn. Prints a
line a minute: requests so far, how many of them were refused or failed, and the least and most megabytes that the
process held in it.

    python -m tests.bench.memory --minutes 5 --only scan predict
"""

import argparse
import asyncio
import base64
import itertools
import json
import random
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable

from tests.bench.connection import Connection
from tests.bench.load import Load, about
from tests.conftest import CHECKPOINT
from tests.running import running_app

CLIENTS = 8
SIDE = {"network": "robust", "attack": "pgd"}
WEIGHTS = base64.b64encode(CHECKPOINT.read_bytes()).decode()
Ask = Callable[[Connection, int], Awaitable[bool]]


def asking(name: str, request: Callable[[int], dict]) -> Ask:
    """A request to /ask/<name>: whether it was answered."""

    async def ask(connection: Connection, number: int) -> bool:
        return (await connection.post(f"/ask/{name}", request(number)))[0] == 200

    return ask


async def sweep(connection: Connection, number: int) -> bool:
    """A short sweep, to its end."""
    request = {"images": 200, "epsilons": "0, 0.1", "attack": "fgsm"}
    return "result" in [message async for message in connection.follow("/follow/sweep", request)][-1]


def call(collect: bool) -> Ask:
    """A program's call, whose reply is collected or left."""

    async def ask(connection: Connection, number: int) -> bool:
        status, told = await connection.post("/gradio_api/call/v2/predict", {"index": number % 10_000})
        if status != 200 or not collect:
            return status == 200
        address = f"http://127.0.0.1:{connection.port}/gradio_api/call/v2/predict/{json.loads(told)['event_id']}"
        return b"complete" in await asyncio.to_thread(lambda: urllib.request.urlopen(address, timeout=60).read())

    return ask


async def page(connection: Connection, number: int) -> bool:
    """The page's HTML."""
    address = f"http://127.0.0.1:{connection.port}/"
    return bool(await asyncio.to_thread(lambda: urllib.request.urlopen(address, timeout=60).read()))


async def malformed(connection: Connection, number: int) -> bool:
    """A request that is refused."""
    return (await connection.post("/ask/scan", {"index": -1, "x" * 1000: number}))[0] == 400


KINDS: dict[str, Ask] = {
    "scan": asking("scan", lambda number: about("fgsm", index=number % 10_000)),
    "pgd": asking("scan", lambda number: {"index": number % 10_000, "sides": [SIDE]}),
    "prove": asking("prove", lambda number: {"index": number % 10_000, "sides": [SIDE]}),
    "pixels": asking("pixels", lambda number: {"index": number % 10_000, "sides": [{"network": "standard"}]}),
    "latents": asking("latents", lambda number: {"generated": {"digit": number % 10, "seed": number}}),
    "judge": asking("judge", lambda number: {"weights": WEIGHTS}),
    "sweep": sweep,
    "predict": call(collect=True),
    "uncollected": call(collect=False),
    "page": page,
    "malformed": malformed,
}


async def drive(load: Load, kinds: list[str], minutes: float) -> None:
    numbers, chance = itertools.count(), random.Random(0)
    failed = dict.fromkeys(kinds, 0)
    asked = 0
    end = time.perf_counter() + 60 * minutes

    async def client(visitor: int) -> None:
        nonlocal asked
        while time.perf_counter() < end:
            number = next(numbers)
            kind, connection = kinds[number % len(kinds)], Connection(load.port, f"page-{chance.randrange(10**6)}")
            try:
                failed[kind] += not await KINDS[kind](connection, number)
            except (OSError, asyncio.IncompleteReadError):
                failed[kind] += 1
            asked += 1
            if connection.streams:
                connection.streams[1].close()

    async def tell() -> None:
        print(
            f"at the start {load.memory():.0f} MB\n{'minute':>6}{'asked':>9}{'failed':>8}{'least':>8}{'most':>8}",
            flush=True,
        )
        for minute in itertools.count(1):
            held = []
            for _ in range(60):
                await asyncio.sleep(1)
                held.append(load.memory())
            print(f"{minute:>6}{asked:>9}{sum(failed.values()):>8}{min(held):>8.0f}{max(held):>8.0f}", flush=True)

    telling = asyncio.create_task(tell())
    await asyncio.gather(*map(client, range(CLIENTS)))
    telling.cancel()
    print(f"at the end {load.memory():.0f} MB; failed: {failed}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--only", nargs="+", choices=[*KINDS], default=[*KINDS], metavar="KIND", help=", ".join(KINDS))
    options = parser.parse_args()
    with running_app() as (port, server):
        asyncio.run(drive(Load(port, server.pid), options.only, options.minutes))


if __name__ == "__main__":
    sys.exit(main())
