"""The page's own questions: plain routes past Gradio's queue, without a session.

POST /ask/<name> with a question as application/json (at most MAX_BODY bytes). The header `x-advdemo-page`, a random
name of the page in the browser, tells visitors of one address apart. The answer is `application/octet-stream`:

    uint32, little-endian   length of the head in bytes
    the head                JSON in UTF-8, an object; under "arrays" it says where its arrays are:
                            {"sides.0.sign": {"offset": bytes from the head's end, "length": values, "type": "int8"}}
    the arrays              one after the other, as bytes: uint8, int8, or little-endian float32

web/shared/server.js puts each array back at its path.

POST /follow/<name> is the same for long work. Its answer is a line of JSON for each message, as it comes
(`application/x-ndjson`). Closing the connection ends the work.

What cannot be answered comes as {"error": {"key": ..., "values": {...}}}, a text of the words, with a status: 400, 409
(superseded by a newer question of the same page), 413, 429 (too often), 503 (too much to do: ask again later) or 500.
Once messages have begun it is the last of them.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from advdemo.ui.blackbox import ask_black_box
from advdemo.ui.explore import scan_digit
from advdemo.ui.gan import run_game, steer
from advdemo.ui.generate import find_fooling, latent_grid
from advdemo.ui.inside import send_weights
from advdemo.ui.lessons import run_experiment, run_mistake
from advdemo.ui.pixels import turn_pixels
from advdemo.ui.proof import prove_digit
from advdemo.ui.questions import parse_question
from advdemo.ui.replies import RefusalError, as_error
from advdemo.ui.service import Service
from advdemo.ui.sweep import find_examples, run_sweep, run_transfer
from advdemo.ui.train import judge, run_training
from advdemo.ui.visitors import Visitor, visitor_of

SECONDS_TO_TAKE = 60  # what was sent: who does not take it would hold the line for ever
MAX_BODY = 2_000_000  # bytes: a network as base64 and a drawing

Ask = Callable[[Service, Visitor, dict], Awaitable[dict]]
Follow = Callable[[Service, Visitor, dict], AsyncGenerator[dict, None]]
ASK: dict[str, Ask] = {
    "scan": scan_digit,
    "prove": prove_digit,
    "weights": send_weights,
    "blackbox": ask_black_box,
    "pixels": turn_pixels,
    "latents": latent_grid,
    "fool": find_fooling,
    "cell": find_examples,
    "judge": judge,
    "steer": steer,
    "experiment": run_experiment,
    "mistake": run_mistake,
}
FOLLOW: dict[str, Follow] = {"sweep": run_sweep, "transfer": run_transfer, "train": run_training, "game": run_game}


class TooLargeError(RefusalError):
    """The question has more than MAX_BODY bytes."""

    status = 413


def make_routes(service: Service) -> list[Route]:
    """The routes that answer from `service`."""

    async def ask(request: Request) -> Response:
        try:
            visitor, question = await receive(service, request)
            reply = await find(ASK, request)(service, visitor, question)
            return Response(pack(reply), media_type="application/octet-stream")
        except Exception as error:
            return refuse(error)

    async def follow(request: Request) -> Response:
        try:
            visitor, question = await receive(service, request)
            return Messages(find(FOLLOW, request)(service, visitor, question))
        except Exception as error:
            return refuse(error)

    return [Route("/ask/{name}", ask, methods=["POST"]), Route("/follow/{name}", follow, methods=["POST"])]


async def receive(service: Service, request: Request) -> tuple[Visitor, dict]:
    """Who asks what; RefusalError when it is too often, too large, or no question."""
    visitor = visitor_of(request)
    service.limits.count(visitor)
    if request.headers.get("content-type") != "application/json":  # what pages of others cannot send unasked
        raise RefusalError("errors.not_json")
    return visitor, parse_question(await read_body(request))


async def read_body(request: Request) -> bytes:
    """What was sent; TooLargeError, before it is all here, when it has more than MAX_BODY bytes."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise TooLargeError("errors.too_large", most=MAX_BODY)
    return bytes(body)


def find(table: dict[str, Any], request: Request) -> Any:
    """The handler that the address names."""
    name = request.path_params["name"]
    if name not in table:
        raise RefusalError("errors.not_found")
    return table[name]


def refuse(error: Exception) -> Response:
    """The answer that says why there is none."""
    status = error.status if isinstance(error, RefusalError) else 500
    return JSONResponse({"error": as_error(error)}, status, {"Connection": "close"} if status == 413 else None)


def pack(reply: dict) -> bytes:
    """A reply in the form described above; its arrays may be anywhere in it."""
    arrays: dict[str, dict] = {}
    content: list[bytes] = []
    end = 0

    def lift(value: Any, path: str) -> Any:
        nonlocal end
        if isinstance(value, dict):
            return {key: lift(part, f"{path}{key}.") for key, part in value.items()}
        if isinstance(value, list):
            return [lift(part, f"{path}{place}.") for place, part in enumerate(value)]
        if not isinstance(value, np.ndarray):
            return value
        arrays[path[:-1]] = {"offset": end, "length": value.size, "type": value.dtype.name}
        content.append(value.tobytes())
        end += value.nbytes
        return None

    head = json.dumps(lift(reply, "") | {"arrays": arrays}).encode()
    return b"".join([len(head).to_bytes(4, "little"), head, *content])


class Messages(Response):
    """A line of JSON for each message of a handler, which ends when the visitor leaves."""

    def __init__(self, messages: AsyncGenerator[dict, None]) -> None:
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tasks = {asyncio.ensure_future(self._send(scope, receive, send)), asyncio.ensure_future(_left(receive))}
        _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.wait(tasks)

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_line(message: dict, *, more: bool = True) -> None:
            body = json.dumps(message).encode() + b"\n"
            sending = send({"type": "http.response.body", "body": body, "more_body": more})
            await asyncio.wait_for(sending, SECONDS_TO_TAKE)

        async with aclosing(self._messages) as messages:
            try:
                first = await anext(messages)
            except Exception as error:
                await refuse(error)(scope, receive, send)
                return
            headers = [(b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send_line(first)
            try:
                async for message in messages:
                    await send_line(message)
            except TimeoutError:
                return
            except Exception as error:
                await send_line({"error": as_error(error)}, more=False)
            else:
                await send({"type": "http.response.body"})


async def _left(receive: Receive) -> None:
    """Wait until the visitor closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
