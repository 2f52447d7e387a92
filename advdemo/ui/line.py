"""A line to wait in: the heavy work of one visitor runs at a time, and the others see how many are before them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing, suppress
from itertools import count
from typing import TypeVar

from advdemo.ui.replies import BusyError, SupersededError
from advdemo.ui.visitors import Visitor

SECONDS_BETWEEN_LOOKS = 1.0  # a visitor who left is noticed when told their place
MOST = 100  # in one line
T = TypeVar("T")


class _Ticket:
    """A visitor's place."""

    def __init__(self, visitor: Visitor, number: int) -> None:
        self.visitor, self.number = visitor, number
        self.moved, self.superseded = asyncio.Event(), asyncio.Event()

    async def unless_superseded(self, step: Awaitable[T]) -> T:
        """What `step` gives; as soon as the ticket is superseded, SupersededError, and `step` is cancelled."""
        working, superseded = asyncio.ensure_future(step), asyncio.ensure_future(self.superseded.wait())
        try:
            await asyncio.wait({working, superseded}, return_when=asyncio.FIRST_COMPLETED)
            if not self.superseded.is_set():
                return working.result()
            raise SupersededError("errors.superseded")
        finally:
            working.cancel()
            superseded.cancel()
            await asyncio.wait({working, superseded})


class Line:
    """One for each kind of work; to be used from one event loop. Who closes the iterator leaves the line. Addresses
    take turns, however many stand there for one of them; a page that asks again leaves its older place."""

    def __init__(self) -> None:
        self._running: _Ticket | None = None
        self._waiting: list[_Ticket] = []  # in the order of their turns
        self._served: dict[str, int] = {}  # address -> the last turn that it had
        self._numbers, self._turns = count(1), count(1)

    async def take_turns(self, visitor: Visitor, work: AsyncGenerator[dict, None]) -> AsyncGenerator[dict, None]:
        """{"ahead": how many are to come first} while there are any, then what `work` yields."""
        ticket = self._join(visitor)
        try:
            while self._running is not ticket:
                yield {"ahead": self._waiting.index(ticket) + 1}
                ticket.moved.clear()
                with suppress(TimeoutError):
                    await ticket.unless_superseded(asyncio.wait_for(ticket.moved.wait(), SECONDS_BETWEEN_LOOKS))
            async with aclosing(work):
                while (message := await ticket.unless_superseded(anext(work, None))) is not None:
                    yield message
        finally:
            self._leave(ticket)

    def _join(self, visitor: Visitor) -> _Ticket:
        for older in [*self._waiting, self._running]:
            if visitor.page and older is not None and older.visitor == visitor:
                older.superseded.set()
                if older is not self._running:  # that one leaves when its process has ended
                    self._waiting.remove(older)
        if len(self._waiting) >= MOST:
            raise BusyError("errors.line_full")
        ticket = _Ticket(visitor, next(self._numbers))
        self._waiting.append(ticket)
        self._move()
        return ticket

    def _leave(self, ticket: _Ticket) -> None:
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        if self._running is ticket:
            self._running = None
        ticket.moved.set()
        self._move()

    def _move(self) -> None:
        """Put the line in order, and have the first take its turn if nobody works."""
        places: dict[str, int] = {}
        order = []
        for ticket in sorted(self._waiting, key=lambda ticket: ticket.number):
            address = ticket.visitor.address
            places[address] = places.get(address, -1) + 1
            order.append((places[address], self._served.get(address, 0), ticket.number, ticket))
        self._waiting = [ticket for *_, ticket in sorted(order, key=lambda place: place[:3])]
        if self._running is None and self._waiting:
            self._running = self._waiting.pop(0)
            self._served[self._running.visitor.address] = next(self._turns)
        if self._running is None:
            self._served.clear()
        for place in [self._running, *self._waiting]:
            if place is not None:
                place.moved.set()
