"""Connections that ask slowly or not at all, on sockets; bodies that do not arrive; nobody there."""

import asyncio
import os
import re
import resource
import socket
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from starlette.requests import Request

from advdemo.ui.server import routes, silence
from advdemo.ui.server.errors import SupersededError, TooSlowError
from tests.running import free_port

BEGUN = b"POST /ask/scan HTTP/1.1\r\nHost: x\r\nx-slow: "
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def slowly(scope, receive, send):
    """An app that takes its time."""
    await asyncio.sleep(1.0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.mark.parametrize(
    ("sent", "again", "got"),
    [
        (b"", b"", b""),
        (BEGUN, b"", b""),
        (WHOLE, b"", b"200 OK"),
        (WHOLE, BEGUN, b"200 OK"),
    ],
)
def test_a_connection_that_asks_nothing_is_closed_and_no_other(monkeypatch, sent, again, got):
    monkeypatch.setattr(silence, "SECONDS_TO_ASK", 0.3)

    async def ask():
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(slowly, port=port, lifespan="off", timeout_keep_alive=60))
        server.config.load()
        serving = asyncio.create_task(server.serve())
        closing = asyncio.create_task(silence.close_silent(lambda: server.server_state.connections))
        while not server.started:
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        received = b""
        if got:
            received = await reader.readuntil(b"ok")  # longer than the time to ask
            writer.write(again)
        if again or not got:
            with suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        server.should_exit = True
        closing.cancel()
        await serving
        return received

    assert got in asyncio.run(ask())


@pytest.mark.parametrize(("fault", "error"), [(None, TooSlowError), ("http.disconnect", SupersededError)])
def test_a_body_that_does_not_arrive_is_refused(monkeypatch, fault, error):
    monkeypatch.setattr(routes, "SECONDS_TO_SEND", 0.1)
    parts = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive():
        if parts:
            return parts.pop()
        if fault:
            return {"type": fault}
        return await asyncio.sleep(60)

    with pytest.raises(error):
        asyncio.run(routes.read_body(Request({"type": "http", "method": "POST", "headers": []}, receive)))


@pytest.mark.slow  # it waits until one has been silent for too long
def test_more_connections_than_file_descriptors_do_not_end_the_app(app):
    pid, address = app.process.pid, urlsplit(app.url)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    room = len(os.listdir(f"/proc/{pid}/fd")) + 50
    with ExitStack() as opened:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (room, before[1]))
        try:
            for _ in range(120):
                connection = socket.create_connection((address.hostname, address.port), timeout=60)
                opened.enter_context(connection).sendall(BEGUN)
            time.sleep(2)
            assert len(os.listdir(f"/proc/{pid}/fd")) == room
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        with urllib.request.urlopen(f"{app.url}/web/words/en.json", timeout=60) as reply:
            assert reply.status == 200
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""  # closed by the server
    assert app.process.poll() is None


def test_while_nobody_asks_the_app_rests(app):
    """Its threads wake up at most 300 times a second, once the work of tests before is done; Gradio's queue alone would
    wake up a thousand times."""

    def wakes():
        told = [path.read_text() for path in Path(f"/proc/{app.process.pid}/task").glob("*/status")]
        return sum(map(int, re.findall(r"ctxt_switches:\s*(\d+)", "".join(told))))

    counts = [wakes()]
    while len(counts) < 2 or counts[-1] - counts[-2] > 60:
        assert len(counts) < 50, counts
        time.sleep(0.2)
        counts.append(wakes())
