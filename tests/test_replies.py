"""Replies as they travel: long work ends when nobody takes its messages."""

import asyncio
import json

import pytest

from advdemo.ui.server import replies
from advdemo.ui.server.errors import BusyError, as_error

SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}}


def sent(lines, receive=lambda: asyncio.sleep(60), send=None):
    """The bodies that a response sends, to somebody who stays and takes them."""
    bodies = []

    async def take(message):
        bodies.append(message.get("body", b""))

    asyncio.run(asyncio.wait_for(lines(SCOPE, receive, send or take), 10))
    return b"".join(bodies).decode().splitlines()


@pytest.fixture
def work():
    """(Endless work, where it is noted that it was closed)."""
    closed = []

    async def endless():
        try:
            while True:
                yield {"more": True}
                await asyncio.sleep(0)
        finally:
            closed.append(True)

    return endless(), closed


def test_a_line_each_and_an_error_as_the_last():
    async def fails():
        yield {"done": 2}
        raise BusyError("errors.busy")

    lines = [json.loads(line) for line in sent(replies.Lines({"done": 1}, fails()))]
    assert lines == [{"done": 1}, {"done": 2}, {"error": {"key": "errors.busy", "values": {}}}]


def test_work_is_closed_when_its_visitor_leaves(work):
    messages, closed = work

    async def leave():
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    assert len(sent(replies.Lines({}, messages), leave)) > 1
    assert closed == [True]


def test_work_is_closed_when_its_visitor_does_not_take_what_was_sent(work, monkeypatch):
    monkeypatch.setattr(replies, "SECONDS_TO_TAKE", 0.05)
    messages, closed = work

    async def get_stuck(message):
        await asyncio.sleep(60 if b"more" in message.get("body", b"") else 0)

    sent(replies.Lines({}, messages), send=get_stuck)
    assert closed == [True]


def test_an_apology_tells_nothing_of_the_exception(caplog):
    error = as_error(KeyError("/secret/path"))
    assert error == {"key": "errors.apology", "values": {}}
    assert "secret" in caplog.text  # but the log
