"""Fair thread pools for short requests."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from advdemo.cores import compute_alone
from advdemo.ui.server.errors import SupersededError
from advdemo.ui.server.queue import FairQueue
from advdemo.ui.server.visitors import Visitor

WAITING = 512  # requests, in one pool
Superseded = Callable[[], bool]  # tells work under way that nobody waits for it any more
T = TypeVar("T")


class Threads:
    """`count` threads and a fair queue before them; to be used from one event loop."""

    def __init__(self, name: str, count: int, *, waiting: int = WAITING) -> None:
        self._pool = ThreadPoolExecutor(count, name, initializer=compute_alone)
        self._queue = FairQueue(count, waiting, full="errors.busy")

    async def run(self, visitor: Visitor, kind: str, work: Callable[[Superseded], T]) -> T:
        """What `work` returns or raises. It is told when nobody waits any more: the page has sent a newer request of
        the same kind, which here raises SupersededError, or this call was cancelled, since the visitor has left.
        BusyError when too many wait."""
        ticket = self._queue.join(visitor, kind)
        try:
            await ticket.unless_ended(ticket.begun.wait())
            working = asyncio.get_running_loop().run_in_executor(self._pool, work, ticket.ended)
        except BaseException:
            self._queue.leave(ticket)
            raise

        def leave(done: asyncio.Future[T]) -> None:
            if not done.cancelled():
                done.exception()  # perhaps nobody else looks at it
            self._queue.leave(ticket)

        working.add_done_callback(leave)
        try:
            return await ticket.unless_ended(asyncio.shield(working))
        finally:
            ticket.end(SupersededError("errors.superseded"))
