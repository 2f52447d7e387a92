"""Questions that come through Gradio's queue: the API's, and those of the page's events."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import gradio as gr
import numpy as np

from advdemo.ui.replies import as_error
from advdemo.ui.visitors import Visitor, visitor_of

AS_JSON = {"result", "transfer", "found", "update", "judged"}


async def reply_to(question: object, request: gr.Request, handler: Callable[[Visitor, dict], Awaitable[dict]]) -> dict:
    """The handler's reply as the page's components take it: with the number and the kind of the question, and the error
    if there is one."""
    question = question if isinstance(question, dict) else {}
    try:
        return head_of(question) | as_text(await handler(who(request), question))
    except Exception as error:
        return head_of(question) | failed(error)


async def replies_to(
    question: object, request: gr.Request, handler: Callable[[Visitor, dict], AsyncIterator[dict]]
) -> AsyncIterator[dict]:
    """The same for long work, message by message."""
    question = question if isinstance(question, dict) else {}
    try:
        async for message in handler(who(request), question):
            yield head_of(question) | as_text(message)
    except Exception as error:
        yield head_of(question) | failed(error)


def who(request: gr.Request) -> Visitor:
    """The visitor whose session a request belongs to."""
    return Visitor(visitor_of(request.request).address, request.session_hash or "")


def head_of(question: dict) -> dict:
    number, kind = question.get("number"), question.get("kind")
    head = {"number": number if isinstance(number, int) else 0, "error": None}
    return head | {"kind": kind[:20]} if isinstance(kind, str) else head


def failed(error: Exception) -> dict:
    told = as_error(error)
    return {"error": told, "unknown_model": told["key"] == "errors.unknown_model"}


def as_text(reply: Any) -> Any:
    """A reply with its arrays as base64, and what it holds as JSON texts: Gradio would wrap each number in a proxy."""
    if isinstance(reply, dict):
        return {key: json.dumps(as_text(value)) if key in AS_JSON else as_text(value) for key, value in reply.items()}
    if isinstance(reply, list):
        return [as_text(value) for value in reply]
    return base64.b64encode(reply.tobytes()).decode() if isinstance(reply, np.ndarray) else reply
