"""What the server answers, whoever asks: the page's questions, the API through a real client, and bad input."""

import base64
import io
import json
import time

import numpy as np
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from huggingface_hub import SpaceCard
from PIL import Image

from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.ui.explore import Newest, answer
from advdemo.ui.line import Line
from advdemo.ui.models import Models
from advdemo.ui.sweep import find_examples, run_sweep, run_transfer
from app import CHECKPOINT

README = CHECKPOINT.parent.parent / "README.md"


@pytest.fixture(scope="module")
def models(lenet, robust):
    return Models({"standard": lenet, "robust": robust})


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def drawing_of(image):
    return png(np.kron((image[0] * 255).byte().numpy(), np.ones((10, 10), np.uint8)))


def test_answer_is_the_scan(models, lenet, mnist_test):
    images, labels = mnist_test
    reply = next(answer(models, images, labels, None, {"index": 7, "label": None, "number": 3}))
    expected = scan(lenet, images[7], int(labels[7]))
    assert reply["number"] == 3
    assert reply["label"] == labels[7]
    (side,) = reply["sides"]
    assert side["flip"] == expected.flip_epsilon
    assert base64.b64decode(side["probabilities"]) == expected.probabilities.tobytes()


def test_a_drawing_is_labelled_by_its_clean_prediction(models, mnist_test):
    images, labels = mnist_test
    reply = next(answer(models, images, labels, None, {"drawing": drawing_of(images[0])}))
    assert (reply["error"], reply["label"], reply["label_source"]) == (None, 7, "prediction")
    chosen = next(answer(models, images, labels, None, {"drawing": drawing_of(images[0]), "label": 2}))
    assert (chosen["label"], chosen["label_source"], chosen["sides"][0]["flip"]) == (2, "chosen", 0.0)


def test_two_sides_are_two_scans(models, lenet, robust, mnist_test):
    images, labels = mnist_test
    sides = [{"model": "standard", "attack": "fgsm"}, {"model": "robust", "attack": "noise"}]
    reply = next(answer(models, images, labels, None, {"index": 7, "sides": sides}))
    for side, network, attack in zip(reply["sides"], (lenet, robust), ("fgsm", "noise"), strict=True):
        expected = scan(network, images[7], int(labels[7]), attack=attack)
        assert base64.b64decode(side["probabilities"]) == expected.probabilities.tobytes()
        assert side["flip"] == expected.flip_epsilon


def test_pgd_sends_its_images(models, lenet, mnist_test):
    images, labels = mnist_test
    reply = next(answer(models, images, labels, None, {"index": 7, "sides": [{"attack": "pgd", "target": 3}]}))
    expected = scan(lenet, images[7], 3, attack="pgd", targeted=True)
    (side,) = reply["sides"]
    assert (side["sign"], side["target"], side["taken"]) == (None, 3, False)
    assert base64.b64decode(side["frames"]) == expected.images.tobytes()
    assert side["flip"] == expected.flip_epsilon
    assert reply["label"] == labels[7]


def test_a_target_already_read_is_taken(models, mnist_test):
    images, labels = mnist_test
    question = {"index": 7, "sides": [{"attack": "fgsm", "target": int(labels[7])}]}
    (side,) = next(answer(models, images, labels, None, question))["sides"]
    assert (side["taken"], side["target"]) == (True, None)
    untargeted = next(answer(models, images, labels, None, {"index": 7}))["sides"][0]
    assert side["probabilities"] == untargeted["probabilities"]


def test_a_newer_question_stops_the_older(models, mnist_test):
    newest = Newest()
    older = newest.announce("a visitor", {"number": 1})
    assert not older()
    newest.announce("another", {"number": 9})
    assert not older()
    newer = newest.announce("a visitor", {"number": 2})
    assert older()
    assert not newer()
    question = {"index": 7, "number": 1, "sides": [{"attack": "pgd"}]}
    started = time.perf_counter()
    reply = next(answer(models, *mnist_test, older, question))
    assert reply["error"] == "A newer question has come."
    assert time.perf_counter() - started < 1
    assert newest.announce(None, {"number": 1})() is False
    assert newest.announce("a visitor", "no question")() is False


def test_one_at_a_time_and_the_others_see_their_place():
    line = Line()
    first, second, third = (line.take_turns(iter([{"done": n}])) for n in range(3))
    running = line.take_turns(iter([{"busy": 1}, {"busy": 2}]))
    assert next(running) == {"busy": 1}
    assert next(first) == {"ahead": 1}
    assert next(second) == {"ahead": 2}
    first.close()  # left the page
    assert next(second) == {"ahead": 1}
    assert list(running) == [{"busy": 2}]
    assert list(second) == [{"done": 1}]
    assert list(third) == [{"done": 2}]


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
        {"index": 7, "sides": []},
        {"index": 7, "sides": [{}] * 3},
        {"index": 7, "sides": "fgsm"},
        {"index": 7, "sides": ["fgsm"]},
        {"index": 7, "sides": [{"attack": "bomb"}]},
        {"index": 7, "sides": [{"attack": ["fgsm"]}]},
        {"index": 7, "sides": [{"target": 10}]},
        {"index": 7, "sides": [{"target": "5"}]},
        {"index": 7, "sides": [{"model": "x"}], "weights": "AAAA"},
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
def test_bad_questions_get_one_sentence(models, mnist_test, question):
    reply = next(answer(models, *mnist_test, None, question))
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
        {"images": 100, "epsilons": "0", "model": "mine", "weights": "AAAA"},
        {"images": 100, "epsilons": "0", "attack": "bomb"},
        {"images": 100, "epsilons": "0", "attack": {}},
    ],
)
def test_bad_sweeps_get_one_sentence(models, mnist_test, question):
    (reply,) = run_sweep(models, Line(), *mnist_test, question)
    assert 20 < len(reply["error"]) < 250


def test_transfer_measures_every_pair(models, lenet, robust, mnist_test):
    images, labels = mnist_test
    question = {"images": 300, "epsilon": 0.2, "attack": "fgsm", "models": ["standard", "robust"]}
    *_, last = run_transfer(models, Line(), images, labels, question)
    table = json.loads(last["transfer"])["table"]
    for row, source in enumerate((lenet, robust)):
        for column, victim in enumerate((lenet, robust)):
            expected = sweep(victim, images[:300], labels[:300], [0.2], source=source).accuracies[0]
            assert table[row][column] == pytest.approx(expected)
    assert table[1][0] > table[0][0] + 0.2  # made on another network it fools less


def test_examples_of_a_cell_are_what_they_say(models, lenet, mnist_test):
    images, labels = mnist_test
    flips = sweep(lenet, images[:1000], labels[:1000], [0.2]).flips[0]
    np.fill_diagonal(flips, 0)
    truth, predicted = (int(place) for place in np.unravel_index(flips.argmax(), flips.shape))
    question = {"images": 1000, "epsilon": 0.2, "attack": "fgsm", "truth": truth, "predicted": predicted}
    (reply,) = find_examples(models, images, labels, question)
    found = json.loads(reply["found"])
    assert len(found) == min(10, flips[truth, predicted])
    for example in found:
        assert labels[example["index"]] == truth
        pixels = np.frombuffer(base64.b64decode(example["image"]), np.uint8).reshape(1, 1, 28, 28)
        assert lenet(torch.tensor(pixels / 255, dtype=torch.float32)).argmax() == predicted


@pytest.fixture(scope="module")
def client(app_url):
    return Client(app_url, verbose=False)


def test_api_scan(client, lenet, mnist_test):
    reply = client.predict(7, None, api_name="/scan_test_image")
    assert reply["flip"] == scan(lenet, mnist_test[0][7], int(mnist_test[1][7])).flip_epsilon
    drawn = client.predict(drawing_of(mnist_test[0][0]), None, api_name="/scan_drawing")
    assert drawn["label"] == 7


def test_api_other_attacks(client, lenet, robust, mnist_test):
    image, label = mnist_test[0][7], int(mnist_test[1][7])
    reply = client.predict(7, attack="pgd", target=3, api_name="/scan_test_image")
    assert reply["flip"] == scan(lenet, image, 3, attack="pgd", targeted=True).flip_epsilon
    reply = client.predict(7, network="robust", api_name="/scan_test_image")
    assert reply["flip"] == scan(robust, image, label).flip_epsilon
    with pytest.raises(AppError, match="already reads"):
        client.predict(7, target=label, api_name="/scan_test_image")
    swept = client.predict(100, "0.1", "noise", "robust", api_name="/sweep")
    assert swept["done"] == 100


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
