"""A fair queue: addresses take turns, however many places one of them has, and a newer request of a page takes the
place of its older one."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing, suppress
from itertools import count
from typing import Any, TypeVar

from advdemo.ui.server.errors import BusyError, RefusalError, SupersededError
from advdemo.ui.server.visitors import Visitor

SECONDS_BETWEEN_LOOKS = 1.0  # a visitor who has left is noticed when told their place
T = TypeVar("T")


class Ticket:
    """One visitor's place in a queue, waiting or at work."""

    def __init__(self, visitor: Visitor, kind: str, number: int) -> None:
        self.visitor, self.kind, self.number = visitor, kind, number
        self.working = False
        self.begun, self.moved = asyncio.Event(), asyncio.Event()
        self._ended: asyncio.Future[RefusalError] = asyncio.get_running_loop().create_future()

    def ended(self) -> bool:
        """Whether nobody waits for the work any more; from any thread."""
        return self._ended.done()

    def end(self, reason: RefusalError) -> None:
        """Give the place up, for this reason."""
        if not self._ended.done():
            self._ended.set_result(reason)

    async def unless_ended(self, step: Awaitable[T]) -> T:
        """What `step` gives; as soon as the ticket has ended, `step` is cancelled and the reason is raised."""
        task = asyncio.ensure_future(step)
        either: set[asyncio.Future[Any]] = {task, self._ended}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._ended.done():
                raise self._ended.result()
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # nobody else may look at it, and asyncio would log that


class FairQueue:
    """Up to `places` tickets are at work, up to `most` wait. When it is full, the address with the most waiting tickets
    gives up its newest. To be used from one event loop."""

    def __init__(self, places: int, most: int, *, full: str) -> None:
        self.places, self.most, self.full = places, most, full  # `full`: the key of what is then said
        self._waiting: dict[str, deque[Ticket]] = {}  # by address, none of them empty
        self._at_work: set[Ticket] = set()
        self._turns: dict[str, int] = {}  # address -> its last turn
        self._numbers, self._clock = count(1), count(1)

    def join(self, visitor: Visitor, kind: str = "") -> Ticket:
        """A place at the end. A page's older ticket of the same kind ends: what it waits for is out of date. BusyError
        when the queue is full and no address has more places than this one."""
        self._supersede(visitor, kind)
        if sum(map(len, self._waiting.values())) >= self.most:
            self._make_room(visitor.address)
        ticket = Ticket(visitor, kind, next(self._numbers))
        self._waiting.setdefault(visitor.address, deque()).append(ticket)
        self._move()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give up a place, whether waiting or at work."""
        self._at_work.discard(ticket)
        self._drop(ticket)
        self._move()

    def ahead(self, ticket: Ticket) -> int:
        """How many are to come before a waiting ticket."""
        mine = self._waiting[ticket.visitor.address].index(ticket)
        found, before = mine, True
        for address in sorted(self._waiting, key=self._order):
            if address == ticket.visitor.address:
                before = False
            else:
                found += min(len(self._waiting[address]), mine + before)
        return found

    async def follow(
        self, visitor: Visitor, messages: AsyncGenerator[dict[str, Any], None]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """{"ahead": how many are to come first} while there are any, then the `messages` of some work. Closing this
        iterator leaves the queue and closes the work."""
        ticket = self.join(visitor)
        try:
            while not ticket.working:
                ticket.moved.clear()
                yield {"ahead": self.ahead(ticket) + 1}
                with suppress(TimeoutError):
                    await ticket.unless_ended(asyncio.wait_for(ticket.moved.wait(), SECONDS_BETWEEN_LOOKS))
            async with aclosing(messages):
                while (message := await ticket.unless_ended(anext(messages, None))) is not None:
                    yield message
        finally:
            self.leave(ticket)

    def _order(self, address: str) -> tuple[int, int]:
        """Who had no turn for longest comes first."""
        return self._turns.get(address, 0), self._waiting[address][0].number

    def _supersede(self, visitor: Visitor, kind: str) -> None:
        if not visitor.page:  # a program: its requests do not end one another
            return
        for older in [*self._waiting.get(visitor.address, ()), *self._at_work]:
            if (older.visitor, older.kind) == (visitor, kind):
                self._drop(older)  # at work it leaves when its work has ended
                older.end(SupersededError("errors.superseded"))

    def _make_room(self, newcomer: str) -> None:
        fullest = max(self._waiting, key=lambda address: len(self._waiting[address]))
        if len(self._waiting[fullest]) <= len(self._waiting.get(newcomer, ())) + 1:
            raise BusyError(self.full)
        newest = self._waiting[fullest][-1]
        self._drop(newest)
        newest.end(BusyError(self.full))

    def _drop(self, ticket: Ticket) -> None:
        theirs = self._waiting.get(ticket.visitor.address, deque())
        with suppress(ValueError):
            theirs.remove(ticket)
        if not theirs:
            self._waiting.pop(ticket.visitor.address, None)

    def _move(self) -> None:
        """Give free places to those whose turn it is, and wake all whose place has changed."""
        while len(self._at_work) < self.places and self._waiting:
            address = min(self._waiting, key=self._order)
            ticket = self._waiting[address][0]
            self._drop(ticket)
            self._turns[address] = next(self._clock)
            self._at_work.add(ticket)
            ticket.working = True
            ticket.begun.set()
            ticket.moved.set()
        for theirs in self._waiting.values():
            for waiting in theirs:
                waiting.moved.set()
        if not self._at_work:
            self._turns.clear()
