"""The log holds a short line for each fault and nothing of what was sent, alone and under a running app."""

import io
import json
import logging

import pytest

from advdemo.ui.server.log import Brief

SECRET = "what a visitor wrote"
FILE = {"path": f"/etc/{SECRET}", "meta": {"_type": "gradio.FileData"}}


@pytest.fixture
def logged():
    """Logs through the handler: logged(logger's name, message, ...) gives the lines that were written."""
    handler = Brief()

    def log(name, *message, **more):
        logger = logging.Logger(name)
        logger.addHandler(handler)
        written = io.StringIO()
        handler.setStream(written)
        logger.error(*message, **more)
        return written.getvalue().splitlines()

    return log


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (("Tool '%s' not listed", SECRET), "Tool '%s' not listed"),
        ((f"Failed to validate request: {SECRET}",), "Failed to validate request"),
        ((f"Response ID {SECRET!r} is unknown",), "Response ID "),
        ((f"A task failed\n{SECRET}",), "A task failed"),
        (("x" * 1_000_000,), "x" * 200),
    ],
)
def test_other_packages_messages_are_kept_without_what_they_quote(logged, message, line):
    assert logged("mcp.server", *message) == [f"ERROR mcp.server: {line}"]


def test_our_own_are_kept_whole(logged):
    assert logged("advdemo.ui", "Without the curve: %s", "none") == ["ERROR advdemo.ui: Without the curve: none"]


def test_of_an_exception_type_and_place_are_kept(logged):
    def fail():
        raise ValueError(SECRET)

    try:
        fail()
    except ValueError as error:
        lines = logged("advdemo.ui", "a request failed", exc_info=error)
    first = fail.__code__.co_firstlineno
    called = f"tests/test_log.py:{first + 1} < tests/test_log.py:{first + 4}"
    assert lines == [f"ERROR advdemo.ui: a request failed (ValueError < {called})"]


def test_a_line_is_written_once_a_minute(logged, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    assert [len(logged("advdemo.ui", "again")) for _ in range(3)] == [1, 0, 0]
    assert len(logged("advdemo.ui", "another")) == 1
    now[0] = 61.0
    assert len(logged("advdemo.ui", "again")) == 1


def test_a_running_app_logs_and_replies_in_sentences(app, asker):
    def call(body):
        status, told = asker.post("/gradio_api/call/v2/predict", body).status, json.loads(asker.response.read())
        if status != 200:
            return told["detail"]
        asker.connection.request("GET", f"/gradio_api/call/v2/predict/{told['event_id']}")
        _, _, data = asker.connection.getresponse().read().decode().partition("data: ")
        return json.loads(data)["error"]

    assert call({"image": FILE}).startswith("A picture must be")
    assert call({"index": [[FILE]]}).startswith("A picture must be")
    assert call({"k" * 1_000_000: SECRET}).startswith("“kkkkkkkkkkkkkkkkkkkk")
    session = {"session_hash": "abc", "fn_index": 0}
    for data in ([SECRET], [SECRET] * 20, [FILE] * 4):
        assert asker.post("/gradio_api/queue/join", session | {"data": data}).read()
    asker.connection.request("GET", "/gradio_api/queue/data?session_hash=abc")
    lines = asker.connection.getresponse().read().decode().splitlines()
    messages = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    told = [message["output"]["error"] for message in messages if message["msg"] == "process_completed"]
    assert [sentence[:22] for sentence in told] == [
        "Send the arguments by ",
        "Send the arguments by ",
        "A picture must be a PN",
    ]
    for method in (SECRET, "tools/call"):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"name": SECRET, "arguments": {}}}
        asker.headers["accept"] = "application/json, text/event-stream"
        assert asker.post("/gradio_api/mcp/", request).read()
    log = app.log.read_text()  # of whatever the tests before have sent it, too
    assert SECRET not in log
    assert "Traceback" not in log
    assert max(map(len, log.splitlines()), default=0) < 400
