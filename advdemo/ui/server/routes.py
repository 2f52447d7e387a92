"""The page's own routes, past Gradio's queue and without a session.

POST /ask/<name> with a request as application/json (at most MAX_BODY bytes; a photograph may have more), POST
/follow/<name> for long work; replies are as `replies.py` has them. The header `x-advdemo-page`, a random name of the
page in the browser, tells visitors of one address apart. Closing the connection ends the work.

What is refused comes as {"error": {"key": ..., "values": {...}}}, a text of the words, with a status: 400, 408 (too
slow), 409 (superseded by a newer request of the same page), 413, 429 (too often), 503 (too much to do: try again later)
or 500. Once messages have begun it is the last of them.
"""

import asyncio
import json
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from advdemo.ui.server.errors import RefusalError, SupersededError, TooLargeError, TooSlowError
from advdemo.ui.server.replies import Lines, packed, refuse
from advdemo.ui.server.visitors import Limits, Visitor, visitor_of

SECONDS_TO_SEND = 120.0  # a photograph, from a phone far away
MAX_BODY = 2_000_000  # bytes: a network as base64 and a drawing

Ask = Callable[[Visitor, dict[str, Any]], Awaitable[dict[str, Any]]]
Follow = Callable[[Visitor, dict[str, Any]], AsyncGenerator[dict[str, Any], None]]
Handler = TypeVar("Handler")
T = TypeVar("T")


def make_routes(
    ask: Mapping[str, Ask], follow: Mapping[str, Follow], limits: Limits, most: Mapping[str, int]
) -> list[Route]:
    """The routes to handlers by name; `most` says how many bytes a request to each may have."""

    async def asked(request: Request) -> Response:
        try:
            visitor, given = await receive(request, limits, most.get(request.path_params["name"], MAX_BODY))
            return packed(await while_there(request, find(ask, request)(visitor, given)))
        except Exception as error:
            return refuse(error)

    async def followed(request: Request) -> Response:
        try:
            visitor, given = await receive(request, limits, most.get(request.path_params["name"], MAX_BODY))
            messages = find(follow, request)(visitor, given)
            return Lines(await while_there(request, anext(messages, None)), messages)
        except Exception as error:
            return refuse(error)

    return [Route("/ask/{name}", asked, methods=["POST"]), Route("/follow/{name}", followed, methods=["POST"])]


async def receive(request: Request, limits: Limits, most: int) -> tuple[Visitor, dict[str, Any]]:
    """Who sends what; RefusalError when it is too often, too large, or no JSON."""
    visitor = visitor_of(request)
    limits.count(visitor)
    if request.headers.get("content-type") != "application/json":  # what pages of others cannot send unasked
        raise RefusalError("errors.not_json")
    return visitor, parse_json(await read_body(request, most))


async def read_body(request: Request, most: int = MAX_BODY) -> bytes:
    """What was sent; TooLargeError, before it is all here, when it has more than `most` bytes, TooSlowError when it
    does not arrive in time."""
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS_TO_SEND):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise TooLargeError("errors.too_large", most=most)
    except TimeoutError as error:
        raise TooSlowError("errors.too_slow", seconds=round(SECONDS_TO_SEND)) from error
    except ClientDisconnect as error:
        raise SupersededError("errors.superseded") from error
    return bytes(body)


def parse_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. NaN, lone surrogates, numbers beyond 64 bits and deep nesting are refused."""
    try:
        parsed = json.loads(body, parse_constant=_refuse, parse_int=_whole, parse_float=_finite)
        if b"\\u" in body:
            json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise RefusalError("errors.not_json") from error
    if not isinstance(parsed, dict):
        raise RefusalError("errors.not_json")
    return parsed


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _whole(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
        raise ValueError("a whole number beyond 64 bits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number beyond 64 bits")
    return number


def find(table: Mapping[str, Handler], request: Request) -> Handler:
    """The handler that the address names."""
    name = request.path_params["name"]
    if name not in table:
        raise RefusalError("errors.not_found")
    return table[name]


async def while_there(request: Request, work: Awaitable[T]) -> T:
    """What `work` gives; it is cancelled when the visitor leaves, which raises SupersededError."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise SupersededError("errors.superseded")
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.wait({working, leaving})


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
