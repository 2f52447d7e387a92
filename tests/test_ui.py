"""What the server answers, whoever asks: the page's questions, the API through a real client, and bad input."""

import base64
import io

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from huggingface_hub import SpaceCard
from PIL import Image

from advdemo.scan import scan
from advdemo.ui.explore import answer
from advdemo.ui.models import Models
from advdemo.ui.sweep import run_sweep
from app import CHECKPOINT

README = CHECKPOINT.parent.parent / "README.md"


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def drawing_of(image):
    return png(np.kron((image[0] * 255).byte().numpy(), np.ones((10, 10), np.uint8)))


def test_answer_is_the_scan(lenet, mnist_test):
    images, labels = mnist_test
    reply = next(answer(Models(lenet), images, labels, {"index": 7, "label": None, "number": 3}))
    expected = scan(lenet, images[7], int(labels[7]))
    assert reply["number"] == 3
    assert reply["label"] == labels[7]
    assert reply["flip"] == expected.flip_epsilon
    assert base64.b64decode(reply["probabilities"]) == expected.probabilities.tobytes()


def test_a_drawing_is_labelled_by_its_clean_prediction(lenet, mnist_test):
    images, labels = mnist_test
    reply = next(answer(Models(lenet), images, labels, {"drawing": drawing_of(images[0])}))
    assert (reply["error"], reply["label"], reply["label_source"]) == (None, 7, "prediction")
    chosen = next(answer(Models(lenet), images, labels, {"drawing": drawing_of(images[0]), "label": 2}))
    assert (chosen["label"], chosen["label_source"], chosen["flip"]) == (2, "chosen", 0.0)


BLANK = png(np.zeros((280, 280), np.uint8))
HUGE = io.BytesIO()
Image.new("1", (30_000, 30_000)).save(HUGE, "PNG", optimize=True)


@pytest.mark.parametrize(
    "question",
    [
        None,
        [],
        "cat",
        {},
        {"index": -1},
        {"index": 10_000},
        {"index": 1.5},
        {"index": "7"},
        {"index": True},
        {"index": float("nan")},
        {"index": 7, "label": 10},
        {"index": 7, "label": "3"},
        {"index": 7, "label": [1]},
        {"drawing": None},
        {"drawing": 5},
        {"drawing": "data:image/png;base64,????"},
        {"drawing": "data:image/png;base64,AAAA"},
        {"drawing": "data:text/html;base64,AAAA"},
        {"drawing": "file:///etc/passwd"},
        {"drawing": "data:image/png;base64," + "A" * 10_000_000},
        {"drawing": "data:image/png;base64," + base64.b64encode(HUGE.getvalue()).decode()},
        {"drawing": BLANK},
        {"drawing": BLANK[: len(BLANK) // 2]},
    ],
    ids=lambda question: str(question)[:60],
)
def test_bad_questions_get_one_sentence(lenet, mnist_test, question):
    reply = next(answer(Models(lenet), *mnist_test, question))
    assert set(reply) == {"number", "error"}
    assert 20 < len(reply["error"]) < 250
    assert "/" not in reply["error"].replace("0/255", "")
    assert "Traceback" not in reply["error"]


@pytest.mark.parametrize(
    "question",
    [
        None,
        {},
        {"images": 0, "epsilons": "0"},
        {"images": 10**9, "epsilons": "0"},
        {"images": "100", "epsilons": "0"},
        {"images": 100, "epsilons": [0]},
        {"images": 100, "epsilons": "inf"},
        {"images": 100, "epsilons": "0," * 9999},
        {"images": 100, "epsilons": "0", "weights": "AAAA"},
    ],
)
def test_bad_sweeps_get_one_sentence(lenet, mnist_test, question):
    (reply,) = run_sweep(Models(lenet), *mnist_test, question)
    assert 20 < len(reply["error"]) < 250


@pytest.fixture(scope="module")
def client(app_url):
    return Client(app_url, verbose=False)


def test_api_scan(client, lenet, mnist_test):
    reply = client.predict(7, None, api_name="/scan_test_image")
    assert reply["flip"] == scan(lenet, mnist_test[0][7], int(mnist_test[1][7])).flip_epsilon
    drawn = client.predict(drawing_of(mnist_test[0][0]), None, api_name="/scan_drawing")
    assert drawn["label"] == 7


def test_api_sweep_streams_and_can_be_stopped(client):
    job = client.submit(2000, "0, 0.1", api_name="/sweep")
    final = job.result(timeout=60)
    assert final["done"] == final["total"] == 2000
    assert job.outputs()[-1] == final
    stopped = client.submit(10_000, "0, 0.1, 0.2, 0.3", api_name="/sweep")
    stopped.cancel()
    assert client.predict(100, "0", api_name="/sweep")["done"] == 100


@pytest.mark.parametrize("arguments", [(-1, None), (None, None), ("x", None), (7, 11), (10**12, None)])
def test_api_refuses_without_a_traceback(client, arguments):
    with pytest.raises(AppError) as caught:
        client.predict(*arguments, api_name="/scan_test_image")
    assert "Traceback" not in str(caught.value)
    assert "site-packages" not in str(caught.value)
    assert client.predict(0, None, api_name="/scan_test_image")["label"] == 7  # and goes on


def test_readme_is_a_valid_space_card():
    card = SpaceCard.load(README)
    assert card.data.sdk == "gradio"
    assert card.data.app_file == "app.py"
    assert len(card.data.short_description) <= 60
