"""Malformed requests: none gets a traceback, a path or a 500, and the server goes on.

Forty cases of each kind, ten of each request; ADVDEMO_FUZZ=1000 makes it a thousand, and 250.
"""

import http.client
import json
import os
import random
import string
import urllib.request

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advdemo.ui.handlers import ASK, FOLLOW
from tests.asker import Asker

CASES = int(os.environ.get("ADVDEMO_FUZZ", "40"))
MANY = settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(MANY, max_examples=max(1, CASES // 4))  # where each name has a test of its own
LEAKS = (b"Traceback", b"site-packages", b"advdemo/", b".py", b"Error(")
GRADIO_KEYS = "data session_hash fn_index event_id event_data trigger_id simple_format batched oauth_token"
PATHS = (*(f"/ask/{name}" for name in ASK), *(f"/follow/{name}" for name in FOLLOW), "/ask/", "/ask/x")

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-2, 12),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["fgsm", "pgd", "standard", "robust", "quick", "0.1", "1e999", "0" * 64, "../..", "\ud800", "\0"]),
    st.sampled_from(["data:image/png;base64,", "data:image/png;base64,AAAA", "iVBORw0KGgo="]),
)
values = st.recursive(odd, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))
scans = st.fixed_dictionaries(
    {"index": st.just(7) | values, "sides": values | st.lists(st.fixed_dictionaries({"attack": values}), max_size=3)},
    optional={"label": values, "weights": values},
)
orders = st.fixed_dictionaries(
    {
        "generated": st.fixed_dictionaries(
            {"digit": st.just(3) | values, "seed": st.just(5) | values},
            optional={"place": st.just([1, 2]) | values, "centre": values},
        )
    }
)
envelopes = st.dictionaries(st.sampled_from(GRADIO_KEYS.split()), values, max_size=6)
joins = st.fixed_dictionaries(
    {"data": st.lists(values, max_size=4), "fn_index": st.integers(-3, 20), "session_hash": st.just("fuzz") | values},
    optional={"event_data": values, "trigger_id": values, "batched": values, "event_id": values},
)


def requests(row):
    """What might be one of a kind: its keys, with odd values."""
    fields = row.request.model_fields
    made = st.dictionaries(st.sampled_from(sorted(fields)), values, max_size=6)
    return made | scans if "sides" in fields else made | orders if "generated" in fields else made


@pytest.fixture(scope="module")
def post(app_url):
    """Posts from an address that no limit counts twice, and checks what comes back."""
    chance = random.Random(0)
    asker = Asker(app_url, "", "8.8.8.8")

    def send(path, body):
        asker.headers["x-forwarded-for"] = f"8.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        try:
            response = asker.post(path, body)
        except (ConnectionError, http.client.HTTPException):  # the server has ended the connection meanwhile
            asker.close()
            response = asker.post(path, body)
        content = b"" if path.startswith("/follow") and response.status == 200 else response.read()
        if path.startswith("/follow") and response.status == 200:
            asker.close()  # by chance a good one: leave
        assert response.status < 500 or response.status == 503, (path, body, response.status)
        assert not any(leak in content for leak in LEAKS), (path, body, content[:500])
        return response.status, content

    yield send
    status, _ = send("/ask/scan", {"index": 7})
    asker.close()
    assert status == 200


@pytest.fixture(scope="module")
def gradio_paths(app_url):
    """Those that Gradio answers: its queue's, and the endpoints for programs, in both of its forms."""
    with urllib.request.urlopen(f"{app_url}/gradio_api/info") as reply:
        names = [name.strip("/") for name in json.load(reply)["named_endpoints"]]
    assert {"predict", "attack", "scan", "sweep", "generate", "certify"} <= set(names)
    return ["queue/join", "cancel", "reset", *(f"{call}/{name}" for name in names for call in ("call", "call/v2"))]


@pytest.mark.parametrize("name", ASK)
@SOME
@given(data=st.data())
def test_requests(post, name, data):
    status, content = post(f"/ask/{name}", data.draw(requests(ASK[name])))
    assert status == 200 or json.loads(content)["error"]["key"] not in ("errors.apology", "errors.bad_call")


@pytest.mark.parametrize("name", FOLLOW)
@SOME
@given(data=st.data())
def test_requests_for_long_work(post, name, data):
    status, content = post(f"/follow/{name}", data.draw(requests(FOLLOW[name])))
    assert status == 200 or json.loads(content)["error"]["key"] not in ("errors.apology", "errors.bad_call")


@MANY
@given(path=st.sampled_from(PATHS), body=st.binary())
def test_bytes(post, path, body):
    status, _ = post(path, body)
    assert status in (400, 404)


@MANY
@given(data=st.data(), envelope=envelopes | joins)
def test_envelopes(post, gradio_paths, data, envelope):
    post(f"/gradio_api/{data.draw(st.sampled_from(gradio_paths))}", envelope)


@MANY
@given(data=st.data(), body=st.binary() | st.text(string.printable).map(str.encode))
def test_bytes_for_gradio(post, gradio_paths, data, body):
    post(f"/gradio_api/{data.draw(st.sampled_from(gradio_paths))}", body)


@MANY
@given(path=st.text(string.ascii_letters + string.digits + "/_.%=?&-", max_size=40), body=st.binary(max_size=50))
def test_addresses(post, path, body):
    post(f"/{path}", body)
