"""What every reply tells browsers, asked of the running app; that the page works under it, all of `browser/` shows."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from advdemo.ui.server.headers import security_headers

ORIGIN = {"origin": "http://localhost:1"}
PREFLIGHT = ORIGIN | {"access-control-request-method": "POST"}
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture
def ask(app_url):
    """ask(method, path, body=None, **headers) -> (status, headers)"""
    connection = http.client.HTTPConnection(urlsplit(app_url).netloc, timeout=60)

    def ask(method, path, headers, body=None):
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        reply.read()
        return reply.status, reply.headers

    yield ask
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", ORIGIN, 200),
        ("GET", "/web/explore/index.js", ORIGIN, 200),
        ("GET", "/theme.css", {}, 200),
        ("GET", "/web/nothing.js", ORIGIN, 404),
        ("POST", "/ask/scan", ORIGIN, 400),
        ("POST", "/gradio_api/upload", ORIGIN, 400),
        ("OPTIONS", "/ask/scan", PREFLIGHT, 200),
    ],
)
def test_every_reply_has_them(ask, method, path, headers, status):
    replied, got = ask(method, path, headers)
    assert replied == status
    assert {name: got[name] for name in security_headers()} == security_headers()
    assert "access-control-allow-credentials" not in got
    assert got["access-control-allow-origin"] == headers.get("origin")  # programs in other pages may still ask


@pytest.mark.parametrize(
    ("space", "framed_by", "not_by"),
    [(True, "https://huggingface.co", "http://localhost:*"), (False, "http://localhost:*", "https://huggingface.co")],
)
def test_who_may_frame_the_page(monkeypatch, space, framed_by, not_by):
    monkeypatch.delenv("SPACE_ID", raising=False)
    if space:
        monkeypatch.setenv("SPACE_ID", "somebody/advdemo")
    policy = security_headers()["Content-Security-Policy"]
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert framed_by in parts["frame-ancestors"].split()
    assert not_by not in policy
    assert (parts["object-src"], parts["base-uri"]) == ("'none'", "'self'")
    assert ("huggingface" in parts["connect-src"]) == space


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:{port}", None, 200),
        ("localhost:{port}", None, 200),
        ("localhost:{port}", "http://localhost:{port}", 200),
        ("[::1]:{port}", None, 200),
        ("localhost:{port}", "http://localhost:1", 403),
        ("localhost:{port}", "null", 403),
        ("localhost:{port}", "https://elsewhere.example", 403),
        ("elsewhere.example:{port}", "http://elsewhere.example:{port}", 403),
        ("elsewhere.example:{port}", None, 403),
        ("127.0.0.1.elsewhere.example", None, 403),
        ("", None, 403),
    ],
)
def test_tools_answer_their_own_address_alone(ask, app_url, host, origin, status):
    pytest.importorskip("mcp", reason="no `mcp`: pip install mcp")
    headers = {"host": host, "accept": "application/json, text/event-stream", "content-type": "application/json"}
    headers |= {"origin": origin} if origin else {}
    headers = {name: value.format(port=urlsplit(app_url).port) for name, value in headers.items()}
    assert ask("POST", "/gradio_api/mcp/", headers, json.dumps(HELLO))[0] == status
