"""The middleware before Gradio's routes, alone: what passes it. What it replies, `test_routes.py` asks."""

import asyncio
import http.client
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request

from advdemo.ui.server.guard import Guard
from advdemo.ui.server.visitors import ADDRESS_LIMIT, Limits, Streams


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

    asyncio.run(Guard(gradio, Limits(), Streams(), {}, lambda: True)(scope, receive, send))
    return reached == [session]


def test_a_call_with_a_session_passes():
    assert passes("a-session_7")
    assert passes(None)


@pytest.mark.parametrize("session", ["", " ", 7, "a" * 65, "a\n"])
def test_a_session_that_gradio_s_queue_would_stumble_over_does_not(session):
    assert not passes(session)


def looks(guard, path, root_path=""):
    """The statuses of GET and HEAD as the guard has them reach Gradio (200) or refuses them."""
    statuses = []

    async def send(message):
        statuses.append(message.get("status"))

    for method in ("GET", "HEAD"):
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [],
                 "client": ("192.0.2.7", 1), "root_path": root_path}  # fmt: skip
        asyncio.run(guard(scope, None, send))
    return [status for status in statuses if status]


@pytest.fixture
def guard():
    async def gradio(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    return Guard(gradio, Limits(), Streams(), {}, lambda: False)


OPEN = """/ /web/words/en.json /assets/index.js /static/fonts/a.woff2 /theme.css /favicon.ico /manifest.json /config
/pwa_icon/192 /pwa_icon/512 /gradio_api/info /gradio_api/heartbeat/abc /gradio_api/queue/data /gradio_api/startup-events
/gradio_api/openapi.json /gradio_api/call/predict/abc /gradio_api/call/v2/predict/abc
/gradio_api/mcp/ /gradio_api/mcp/schema"""
CLOSED = """/pwa_icon /pwa_icon/30000 /pwa_icon/0512 /gradio_api/file=/etc/passwd /gradio_api/proxy=https://x.hf.space/a
/gradio_api/deep_link /gradio_api/upload_progress /gradio_api/dev/reload /gradio_api/runs /gradio_api/runs/ /monitoring
/monitoring/summary /gradio_api/stream/a/1/1/playlist.m3u8 /gradio_api/vibe-code/ /gradio_api/mcp/sse /login /logout
/openapi.json /gradio_api/custom_component/1/client/component/x.js /docs /nothing /web //"""


@pytest.mark.parametrize("path", OPEN.split())
def test_what_the_page_and_programs_look_at_is_open(guard, path):
    assert looks(guard, path) == looks(guard, f"/demo{path}", root_path="/demo") == [200, 200]


def test_names_of_any_length_are_not_remembered():
    streams = Streams()
    guard = Guard(None, Limits(), streams, {}, lambda: False)
    for session in ("a" * 64, "a" * 65, "%20", ""):
        scope = {"type": "http", "method": "GET", "headers": [], "client": ("a", 1)}
        path, query = "/gradio_api/queue/data", f"session_hash={session}".encode()
        guard._look(Request(scope | {"path": path, "query_string": query}), path)
    assert "a" * 64 in streams._sessions
    assert len(streams._sessions) == 1


@pytest.mark.parametrize("path", CLOSED.split())
def test_nothing_else_is(guard, path):
    assert looks(guard, path) == [404, 404]


@pytest.mark.parametrize(
    ("path", "cost"), [("/", 10), ("/gradio_api/info", 10), ("/manifest.json", 1), ("/assets/a", 0)]
)
def test_looks_are_counted_but_for_files(guard, monkeypatch, path, cost):
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    most = int(ADDRESS_LIMIT[1])
    statuses = [status for _ in range(most // 2 + 1) for status in looks(guard, path)]
    assert statuses.count(200) == (most // cost if cost else most + 2)
    assert set(statuses[most // cost if cost else 0 :]) == {429 if cost else 200}


def test_no_route_of_gradio_s_is_open_unseen(app_url):
    """A new version may bring routes: those that answer are all in OPEN."""
    import gradio.routes

    source = Path(gradio.routes.__file__).read_text()
    found = re.findall(r'@(app|router)\.get\(\s*f?"(/[^"{}]*)"', source)
    paths = {("/gradio_api" if owner == "router" else "") + path.rstrip("/") or "/" for owner, path in found}
    assert len(paths) > 20
    closed = sorted(paths - {*OPEN.split(), "/gradio_api/app_id", "/gradio_api/theme.css", "/robots.txt"})
    connection = http.client.HTTPConnection(urlsplit(app_url).netloc, timeout=20)
    statuses = {}
    for path in closed:
        connection.request("GET", path)
        reply = connection.getresponse()
        statuses[path] = reply.status, "There is no such call" in reply.read().decode()
    connection.close()
    assert statuses == dict.fromkeys(closed, (404, True))
