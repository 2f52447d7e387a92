"""How long an attack on a data set would take: measured once for each attack, so that what would occupy the server too
long is refused before it waits in a queue. What takes longer than expected, such as a guest's network, is stopped."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from advdemo.attacks import Attack
from advdemo.ui.jobs.costs import measure, measure_proof
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.settings import minutes_allowed
from advdemo.ui.work.worker import Job, Workers


class Costs:
    """Measured by workers on a network given as a checkpoint's bytes."""

    def __init__(self, workers: Workers, network: bytes) -> None:
        self._workers, self._network = workers, network
        self._limit = minutes_allowed()
        self._measuring = asyncio.Lock()
        self._seconds: dict[str, float] = {}  # attack or proof -> seconds for one image at one epsilon

    async def check(self, attack: Attack, images: int, epsilons: int = 1) -> None:
        """Refuse an attack on so many images at so many epsilons when it would take longer than a visitor may have."""
        if not attack.quick:
            await self._check(images * (1 if attack.one_run else epsilons), measure, attack.name)

    async def check_proof(self, method: str, images: int, epsilons: int) -> None:
        """The same for a proof."""
        if method != "intervals":
            await self._check(images * epsilons, measure_proof, method)

    async def limited(self, work: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        """The messages of some work that has begun, until it ends or a visitor's time is over, which is refused."""
        end = asyncio.get_running_loop().time() + 60 * self._limit
        async with aclosing(work):
            while True:
                left = end - asyncio.get_running_loop().time()
                try:
                    message = await asyncio.wait_for(anext(work, None), left)
                except TimeoutError:
                    raise RefusalError("errors.out_of_minutes", most=round(self._limit, 1)) from None
                if message is None:
                    return
                yield message

    async def _check(self, times: int, job: Job, name: str) -> None:
        async with self._measuring:  # one at a time, in one process
            if name not in self._seconds:
                async for seconds in self._workers.run(job, self._network, name):
                    self._seconds[name] = seconds
        minutes = times * self._seconds[name] / 60
        if minutes > self._limit:
            raise RefusalError("errors.too_long", minutes=round(minutes), most=round(self._limit, 1))
