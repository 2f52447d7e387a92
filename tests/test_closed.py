"""What stands before Gradio's own routes: what is closed or malformed does not reach them."""

import json

import pytest
from gradio_client import Client

from advdemo.ui.server.routes import MAX_BODY

JOIN = {"data": [None], "fn_index": 0, "session_hash": "a-session"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/gradio_api/queue/join", JOIN | {"session_hash": ""}),
        ("/gradio_api/queue/join", JOIN | {"session_hash": 7}),
        ("/gradio_api/queue/join", JOIN | {"session_hash": "a" * 100}),
        ("/gradio_api/queue/join", JOIN | {"fn_index": 10**6}),
        ("/gradio_api/queue/join", b'{"data": [NaN], "fn_index": 0, "session_hash": "a"}'),
        ("/gradio_api/run/scan", {"data": [None, 7]}),
        ("/gradio_api/api/scan", {"data": [None, 7]}),
        ("/gradio_api/upload", b"x"),
        ("/gradio_api/component_server", {"data": 1, "component_id": 1, "session_hash": "a", "fn_name": "x"}),
        ("/gradio_api/call/bomb", {"data": []}),
        ("/gradio_api/call/v2/bomb", {"data": []}),
        ("/login", b"username=a"),
        ("/gradio_api/queue/join", b'{"data": ["' + b"a" * MAX_BODY + b'"], "session_hash": "a"}'),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_closed_or_malformed_does_not_reach_gradio(visitor, path, body):
    asker = visitor()
    response = asker.post(path, body)
    assert 400 <= response.status < 500
    assert json.loads(response.read())["error"]["key"].startswith("errors.")  # Gradio's own have no key


UPLOAD = b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.png"\r\n\r\nstored?\r\n--x--\r\n'


def test_uploads_and_calls_past_the_queue_are_closed(asker):
    for path, body, kind in [
        ("/gradio_api/upload", UPLOAD, "multipart/form-data; boundary=x"),
        ("/gradio_api/run/scan", b'{"data": [null, 7]}', "application/json"),
        ("/gradio_api/process_recording", b"{}", "application/json"),
    ]:
        asker.headers["content-type"] = kind
        assert json.loads(asker.post(path, body).read())["error"]["key"] == "errors.bad_call"


def test_an_empty_session_does_not_end_the_queue(app_url, visitor):
    askers = [visitor(page="", address=f"8.1.1.{number}") for number in range(6)]
    for hostile in askers:
        hostile.post("/gradio_api/queue/join", JOIN | {"session_hash": ""}).read()
    assert Client(app_url, verbose=False, ssl_verify=False).predict(index=0, api_name="/scan")["label"] == 7
