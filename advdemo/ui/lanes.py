"""Threads that answer light questions, a lane for the quick ones and a lane for the slow, so that none waits for the
other kind. In each lane addresses take turns, however many questions one of them has, and a newer question of a page
ends its older one."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import torch

from advdemo.ui.replies import BusyError, SupersededError
from advdemo.ui.visitors import Visitor

WAITING = 512  # questions in one lane
WAITING_EACH = 256  # of one address
Superseded = Callable[[], bool]  # tells work under way that nobody waits for it any more


class _Ticket:
    """One question in a lane."""

    def __init__(self, visitor: Visitor, work: Callable[[Superseded], Any]) -> None:
        self.visitor, self.work = visitor, work
        self.superseded = False
        self.answer: asyncio.Future = asyncio.get_running_loop().create_future()


class Lane:
    """To be used from one event loop."""

    def __init__(self, name: str, threads: int) -> None:
        # A thread each: threads that share an operation wait for one another, on a busy machine long.
        self._threads = ThreadPoolExecutor(threads, name, initializer=torch.set_num_threads, initargs=(1,))
        self._free = threads
        self._waiting: OrderedDict[str, deque[_Ticket]] = OrderedDict()  # by address, in the order of their turns
        self._newest: dict[tuple[Visitor, str], _Ticket] = {}  # by visitor and kind

    async def run(self, visitor: Visitor, kind: str, work: Callable[[Superseded], Any]) -> Any:
        """What `work` returns or raises; SupersededError when the same page asks something newer of the same kind
        before, BusyError when too many wait."""
        self._supersede(self._newest.pop((visitor, kind), None))
        theirs = self._waiting.get(visitor.address, ())
        if len(theirs) >= WAITING_EACH or sum(map(len, self._waiting.values())) >= WAITING:
            raise BusyError("errors.busy")
        ticket = _Ticket(visitor, work)
        if visitor.page:
            self._newest[visitor, kind] = ticket
        self._waiting.setdefault(visitor.address, deque()).append(ticket)
        self._serve()
        try:
            return await ticket.answer
        finally:  # left, perhaps
            ticket.superseded = True
            if self._newest.get((visitor, kind)) is ticket:
                del self._newest[visitor, kind]

    def _supersede(self, older: _Ticket | None) -> None:
        if older is None:
            return
        theirs = self._waiting.get(older.visitor.address)
        if theirs and older in theirs:
            theirs.remove(older)
        if not older.answer.done():
            older.answer.set_exception(SupersededError("errors.superseded"))

    def _serve(self) -> None:
        while self._free and self._waiting:
            address, theirs = self._waiting.popitem(last=False)
            if not theirs:
                continue
            ticket = theirs.popleft()
            if theirs:
                self._waiting[address] = theirs  # to the end of the line of addresses
            if ticket.answer.done():
                continue
            self._free -= 1
            work = asyncio.get_running_loop().run_in_executor(
                self._threads, ticket.work, partial(getattr, ticket, "superseded")
            )
            work.add_done_callback(partial(self._finish, ticket))

    def _finish(self, ticket: _Ticket, work: asyncio.Future) -> None:
        self._free += 1
        error = work.exception()
        if not ticket.answer.done():
            ticket.answer.set_exception(error) if error else ticket.answer.set_result(work.result())
        self._serve()
