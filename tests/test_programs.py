"""What programs send that is not quite what was asked for, and what they are told: by name, in order, through the queue
and as tools."""

import base64
import json
import textwrap

import pytest
from gradio_client import Client

from advdemo.ui.api.values import plain
from advdemo.ui.fields import decoded
from advdemo.ui.requests import PredictCall, parse
from advdemo.ui.server.routes import MAX_BODY
from advdemo.ui.service.pictures import as_png, parse_picture
from tests.asker import Asker

REST = ["fgsm", None, "standard", None, 0, False]  # of the arguments of scan
API = "/gradio_api/call"


@pytest.fixture
def asker(app_url):
    asker = Asker(app_url, "", "203.0.113.77")
    yield asker
    asker.close()


REFUSED = {
    "broken JSON": ("/v2/scan", b'{"index": 7', "not_json", "send a JSON object"),
    "an unknown argument": (
        "/v2/scan",
        {"index": 7, "model": "robust"},
        "unknown_key",
        "“model” is not part of a request: it may hold image, index",
    ),
    "none of those needed": ("/v2/generate", {"seed": 1}, "missing_key", "“digit”"),
    "an unknown endpoint": (
        "/v2/classify",
        {"index": 7},
        "unknown_endpoint",
        "classify: choose one of predict, attack",
    ),
    "too large": ("/v2/predict", {"image": "A" * MAX_BODY}, "too_large", "at most 2,000,000 bytes"),
    "names without v2": ("/scan", {"index": 7}, "bad_arguments", "“data”: image, index"),
    "too few in order": ("/scan", {"data": [None, 7]}, "bad_arguments", "all in order"),
    "too many in order": ("/predict", {"data": [None] * 9}, "bad_arguments", "image, index, network, arrays"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_before_the_queue_a_refusal_is_a_sentence_and_its_key(kind, asker):
    path, body, key, sentence = REFUSED[kind]
    response = asker.post(API + path, body)
    told = json.loads(response.read())
    assert 400 <= response.status < 500
    assert told["error"]["key"] == f"errors.{key}"
    assert sentence in told["detail"]
    assert told["detail"] == told["error"]["message"]


def called(asker, path, body):
    event = json.loads(asker.post(API + path, body).read())["event_id"]
    asker.connection.request("GET", f"{API}/{path.split('/')[-1]}/{event}", headers=asker.headers)
    lines = asker.connection.getresponse().read().decode().strip().split("\n")
    return lines[-2].removeprefix("event: "), lines[-1].removeprefix("data: ")


def test_by_every_way_in_errors_are_one_sentence(asker, app_url):
    sentence = "There is no test image 10000: choose one from 0 to 9,999."
    for path, body in (("/v2/scan", {"index": 10000}), ("/scan", {"data": [None, 10000, *REST]})):
        kind, told = called(asker, path, body)
        assert (kind, json.loads(told)["error"]) == ("error", sentence)
    with pytest.raises(Exception, match="There is no test image 10000"):
        Client(app_url, verbose=False).predict(index=10000, api_name="/scan")


def test_a_call_that_names_a_session_is_answered_all_the_same(asker):
    """The session is Gradio's own business: the reply is fetched by the event's name."""
    body = {"count": 500, "epsilons": "0", "session_hash": "mine"}
    kind, told = called(asker, "/v2/sweep", body)
    assert (kind, json.loads(told)[0]["total"]) == ("complete", 500)


def test_numbers_may_be_written_as_models_and_forms_write_them(asker):
    given = {"index": "7", "label": 7.0, "seed": "3.0", "epsilons": [0, 0.1], "arrays": "true", "target": "seven"}
    expected = {"index": 7, "label": 7, "seed": 3, "epsilons": "0, 0.1", "arrays": True, "target": "seven"}
    assert plain(given) == expected
    assert all(type(value) is type(expected[name]) for name, value in plain(given).items())
    assert plain({"index": True, "label": 7.5, "count": None}) == {"index": True, "label": 7.5, "count": None}
    kind, told = called(asker, "/v2/attack", {"index": "7", "epsilon": "0.2", "target": 4.0, "seed": "1"})
    assert kind == "complete"
    assert json.loads(told)[0]["target"] == 4


def test_base64_in_all_its_forms(mnist_test, service):
    image = mnist_test[0][63]
    text = as_png(image).partition(",")[2]
    forms = {
        "line breaks": "\r\n".join(textwrap.wrap(text, 76)),
        "for addresses": base64.urlsafe_b64encode(base64.b64decode(text)).decode(),
        "no padding": text.rstrip("="),
    }
    for form in forms.values():
        call = parse(PredictCall, {"image": f"data:image/png;base64,{form}"}, service.offered)
        assert parse_picture(call.image)[0].equal(image)
    assert decoded("--__") == b"\xfb\xef\xff"
    with pytest.raises(ValueError, match="base64|padding|character|alphabet"):
        decoded("A*==")
