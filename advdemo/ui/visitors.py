"""Who asks, and how often one visitor may.

A visitor is a page open in a browser, which sends a random name of its own, at an address. Behind a proxy the address
is what the proxy says it is.
"""

import asyncio
import ipaddress
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request

from advdemo.ui.replies import RefusalError, TooManyError

PAGE = "x-advdemo-page"  # the header with the page's name
REMEMBERED = 10_000  # visitors whose questions are counted, and sessions whose streams are open
SECONDS_TO_LISTEN = 10  # after asking, to come for the answer
PAGE_LIMIT = (10.0, 30.0)  # questions a second, and at once after a pause
ADDRESS_LIMIT = (300.0, 600.0)  # the same; a whole class may share one address


@dataclass(frozen=True)
class Visitor:
    address: str
    page: str = ""  # empty for programs that name none


def visitor_of(request: Request) -> Visitor:
    """Who sent a request."""
    address = request.client.host if request.client else ""
    # Only a proxy of this server's own network is believed; a forged entry stands to the left of the one it adds.
    for forwarded in reversed(request.headers.get("x-forwarded-for", "").split(",")):
        if not is_private(address) or not forwarded.strip():
            break
        address = forwarded.strip()[:64]
    return Visitor(address, request.headers.get(PAGE, "")[:64])


def is_private(address: str) -> bool:
    """Whether an address is of a local network, as a proxy's is."""
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


class Limits:
    """Questions a second of each page and of each address: buckets that fill at a rate and hold so much."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()  # what is in it, and since when

    def count(self, visitor: Visitor) -> None:
        """Count a question; TooManyError when there have been too many."""
        self._take(visitor.address, *ADDRESS_LIMIT)
        if visitor.page:
            self._take(visitor, *PAGE_LIMIT)

    def _take(self, who: object, rate: float, most: float) -> None:
        now = time.monotonic()
        left, since = self._buckets.pop(who, (most, now))
        left = min(most, left + rate * (now - since))
        self._buckets[who] = (max(0.0, left - 1), now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooManyError("errors.too_many", rate=round(rate))


class Streams:
    """The sessions of Gradio whose answers somebody has come for: nothing heavy is done for the others."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, None] = OrderedDict()

    def open(self, session: str) -> None:
        """Note that somebody listens."""
        self._sessions.pop(session, None)
        self._sessions[session] = None
        if len(self._sessions) > REMEMBERED:
            self._sessions.popitem(last=False)

    async def wait_for(self, session: str) -> None:
        """Wait for a listener; RefusalError when none comes."""
        for _ in range(10 * SECONDS_TO_LISTEN):
            if session in self._sessions:
                return
            await asyncio.sleep(0.1)
        raise RefusalError("errors.nobody_listens")
