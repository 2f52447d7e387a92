"""The middleware before Gradio's routes, alone: what passes it. What it replies, `test_routes.py` asks."""

import asyncio
import json

import pytest

from advdemo.ui.server.guard import Guard
from advdemo.ui.server.visitors import Streams


def passes(session):
    """Whether a call to Gradio's queue under this session reaches Gradio."""
    reached = []
    body = json.dumps({"data": [], "fn_index": 0, "session_hash": session}).encode()
    scope = {"type": "http", "method": "POST", "path": "/gradio_api/queue/join", "query_string": b"", "headers": [],
             "client": ("127.0.0.1", 1)}  # fmt: skip

    async def gradio(scope, receive, send):
        reached.append(json.loads((await receive())["body"])["session_hash"])

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        assert message.get("status", 400) == 400

    asyncio.run(Guard(gradio, Streams(), {}, lambda: True)(scope, receive, send))
    return reached == [session]


def test_a_call_with_a_session_passes():
    assert passes("a-session_7")
    assert passes(None)


@pytest.mark.parametrize("session", ["", " ", 7, "a" * 65, "a\n"])
def test_a_session_that_gradio_s_queue_would_stumble_over_does_not(session):
    assert not passes(session)


@pytest.mark.parametrize(("size", "passed"), [("192", True), ("512", True), ("30000", False), ("0512", False)])
def test_the_icon_comes_in_the_sizes_of_the_manifest_alone(size, passed):
    reached = []

    async def gradio(scope, receive, send):
        reached.append(scope["path"])

    async def send(message):
        assert message.get("status", 400) == 400

    path = f"/behind/a/proxy/pwa_icon/{size}"
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [],
             "client": ("127.0.0.1", 1)}  # fmt: skip
    asyncio.run(Guard(gradio, Streams(), {}, lambda: True)(scope, None, send))
    assert reached == [path] * passed
