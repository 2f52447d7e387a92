"""Who sends a request, and how often one visitor may.

A visitor is a page open in a browser, which sends a random name of its own, at an address. Behind a proxy that
FORWARDED_ALLOW_IPS names, uvicorn takes the address from X-Forwarded-For.
"""

import asyncio
import ipaddress
import os
import time
from dataclasses import dataclass

from starlette.requests import Request

from advdemo.ui.server.cache import Recent
from advdemo.ui.server.errors import RefusalError, TooManyError

TRUSTED = "FORWARDED_ALLOW_IPS"  # environment variable that uvicorn reads: the proxies to believe, by default 127.0.0.1
PRIVATE = ("127.0.0.1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
PAGE = "x-advdemo-page"  # the header with the page's name
REMEMBERED = 10_000  # visitors whose requests are counted, and sessions whose streams are open
SECONDS_TO_LISTEN = 10  # after asking, to come for the reply
PAGE_LIMIT = (10.0, 30.0)  # requests a second, and at once after a pause
ADDRESS_LIMIT = (300.0, 600.0)  # the same; a whole class may share one address


@dataclass(frozen=True)
class Visitor:
    address: str
    page: str = ""  # empty for programs that name none


def trust_the_space_s_proxy() -> None:
    """On a Space, whose server is reached by Hugging Face's proxy alone, have uvicorn take the address from there
    unless FORWARDED_ALLOW_IPS says otherwise."""
    if "SPACE_ID" in os.environ:
        os.environ.setdefault(TRUSTED, ",".join(PRIVATE))


def visitor_of(request: Request) -> Visitor:
    """Who sent a request."""
    return Visitor(_address(request.client.host) if request.client else "", request.headers.get(PAGE, "")[:64])


def _address(host: str) -> str:
    """A host's address; of IPv6 its network of 64 bits, within which one host may take any address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.IPv6Network((int(address), 64), strict=False))


class Limits:
    """Requests a second of each page and of each address: buckets that fill at a rate and hold so much."""

    def __init__(self) -> None:
        self._buckets: Recent[object, tuple[float, float]] = Recent(REMEMBERED)  # what is in it, and since when

    def count(self, visitor: Visitor, cost: int = 1) -> None:
        """Count a request, or one that costs as much as `cost` others; TooManyError when there have been too many."""
        now = time.monotonic()
        limits: dict[object, tuple[float, float]] = {visitor.address: ADDRESS_LIMIT}
        if visitor.page:
            limits[visitor] = PAGE_LIMIT
        left = {}
        for who, (rate, most) in limits.items():
            kept, since = self._buckets.get(who) or (most, now)
            left[who] = min(most, kept + rate * (now - since))
            if left[who] < cost:  # nothing is taken: whoever goes on asking still gets the rate
                raise TooManyError("errors.too_many", rate=round(rate / cost))
        for who, kept in left.items():
            self._buckets.put(who, (kept - cost, now))


class Streams:
    """The sessions of Gradio whose replies somebody has come for: nothing heavy is done for the others."""

    def __init__(self) -> None:
        self._sessions: Recent[str, bool] = Recent(REMEMBERED)

    def open(self, session: str) -> None:
        """Note that somebody listens."""
        self._sessions.put(session, True)

    async def wait_for(self, session: str) -> None:
        """Wait for a listener; RefusalError when none comes."""
        for _ in range(10 * SECONDS_TO_LISTEN):
            if session in self._sessions:
                return
            await asyncio.sleep(0.1)
        raise RefusalError("errors.nobody_listens")
