"""Fair thread pools for short requests."""

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from advdemo.cores import compute_alone
from advdemo.ui.server.errors import RefusalError, SupersededError
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.work.queue import FairQueue, Ticket

WAITING = 512  # requests, in one pool
Check = Callable[[], None]  # work calls it between its steps: it raises RefusalError where the work is to end
T = TypeVar("T")


class Threads:
    """`count` threads and a fair queue before them, each request `seconds` of processor time at most; to be used from
    one event loop."""

    def __init__(self, name: str, count: int, seconds: float = math.inf, *, waiting: int = WAITING) -> None:
        self._pool = ThreadPoolExecutor(count, name, initializer=_set_up)
        self._queue = FairQueue(count, waiting, full="errors.busy")
        self._seconds = seconds

    async def run(self, visitor: Visitor, kind: str, work: Callable[[Check], T]) -> T:
        """What `work` returns or raises. What it is given raises once nobody waits any more (the page has sent a newer
        request of the same kind, which raises SupersededError here, or this call was cancelled, since the visitor has
        left), and once its time is over. BusyError when too many wait."""
        ticket = self._queue.join(visitor, kind)
        try:
            await ticket.unless_ended(ticket.begun.wait())
            working = asyncio.get_running_loop().run_in_executor(self._pool, self._work, work, ticket)
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

    def _work(self, work: Callable[[Check], T], ticket: Ticket) -> T:
        # The thread's own time: what others do meanwhile is not this visitor's fault.
        end = time.thread_time() + self._seconds

        def check() -> None:
            if ticket.ended():
                raise SupersededError("errors.superseded")
            if time.thread_time() > end:
                raise RefusalError("errors.out_of_time", seconds=round(self._seconds))

        check()
        return work(check)


def _set_up() -> None:
    """Numbers below 1e-38 count as 0: a processor takes forty times as long for them."""
    compute_alone()
    torch.set_flush_denormal(True)
