"""Replies as they travel.

The reply to a request is a safetensors file: its metadata holds the reply as JSON under "reply", and each array stands
under the path that it has in it, such as "sides.0.sign". web/shared/server.js puts each back into its place. The reply
to a request for long work is a line of JSON for each message, as it comes (`application/x-ndjson`).
"""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import numpy as np
from safetensors.numpy import save
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Message, Send

from advdemo.ui.server.errors import RefusalError, as_error
from advdemo.ui.words import say

SECONDS_TO_TAKE = 60  # what was sent: who does not take it would hold a place for ever


def packed(reply: dict[str, Any]) -> Response:
    """A reply, its arrays wherever they may be in it."""
    return Response(pack(reply), media_type="application/octet-stream")


def pack(reply: dict[str, Any]) -> bytes:
    """A reply as a safetensors file."""
    arrays: dict[str, np.ndarray] = {}

    def lift(value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {key: lift(part, f"{path}{key}.") for key, part in value.items()}
        if isinstance(value, list):
            return [lift(part, f"{path}{place}.") for place, part in enumerate(value)]
        if not isinstance(value, np.ndarray):
            return value
        arrays[path[:-1]] = np.ascontiguousarray(value)
        return None

    text = json.dumps(lift(reply, ""))
    return save(arrays, metadata={"reply": text})


def as_text(reply: Any) -> Any:
    """A reply with its arrays as base64 of their bytes: what JSON and Gradio's props take (Gradio would wrap each
    number of a list in a proxy)."""
    if isinstance(reply, dict):
        return {key: as_text(value) for key, value in reply.items()}
    if isinstance(reply, list):
        return [as_text(value) for value in reply]
    return base64.b64encode(reply.tobytes()).decode() if isinstance(reply, np.ndarray) else reply


def refuse(error: Exception, *, in_words: bool = False) -> Response:
    """The reply that says why there is none; to programs `in_words`, as "detail" and beside the key."""
    status = error.status if isinstance(error, RefusalError) else 500
    told = as_error(error)
    sentence = say(told["key"], **told["values"])
    body = {"error": told | {"message": sentence}, "detail": sentence} if in_words else {"error": told}
    return JSONResponse(body, status, {"Connection": "close"} if status in (408, 413) else None)


class Lines(StreamingResponse):
    """A line of JSON for each message; an error on the way is the last of them. The work is closed when its visitor
    leaves, or does not take what was sent."""

    def __init__(self, first: dict[str, Any] | None, messages: AsyncGenerator[dict[str, Any], None]) -> None:
        self._messages = messages
        super().__init__(
            _lines(first, messages), headers={"cache-control": "no-store"}, media_type="application/x-ndjson"
        )

    async def stream_response(self, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            await asyncio.wait_for(send(message), SECONDS_TO_TAKE)

        async with aclosing(self._messages):
            try:
                await super().stream_response(send_in_time)
            except TimeoutError:
                return


async def _lines(first: dict[str, Any] | None, messages: AsyncGenerator[dict[str, Any], None]) -> AsyncIterator[bytes]:
    message = first
    while message is not None:
        yield json.dumps(message).encode() + b"\n"
        try:
            message = await anext(messages, None)
        except Exception as error:
            message = None
            yield json.dumps({"error": as_error(error)}).encode() + b"\n"
