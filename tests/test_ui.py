"""What the server answers, whoever asks: the page's questions, the API through a real client, and bad input."""

import base64
import io

import numpy as np
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from huggingface_hub import SpaceCard
from PIL import Image

from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import pack_checkpoint
from advdemo.serve import CHECKPOINT
from advdemo.ui.explore import answer
from advdemo.ui.models import Models
from advdemo.ui.replies import RefusalError
from advdemo.ui.sweep import examples_of
from tests.asker import drawing_of, png

README = CHECKPOINT.parent.parent / "README.md"


@pytest.fixture(scope="module")
def models(lenet, robust):
    return Models({"standard": lenet, "robust": robust})


def test_answer_is_the_scan(models, lenet, mnist_test):
    images, labels = mnist_test
    reply = answer(models, images, labels, {"index": 7, "label": None})
    expected = scan(lenet, images[7], int(labels[7]))
    assert reply["label"] == labels[7]
    (side,) = reply["sides"]
    assert side["flip"] == expected.flip_epsilon
    assert np.array_equal(side["probabilities"], expected.probabilities)


def test_a_drawing_is_labelled_by_its_clean_prediction(models, mnist_test):
    images, labels = mnist_test
    reply = answer(models, images, labels, {"drawing": drawing_of(images[0])})
    assert (reply["label"], reply["label_source"]) == (7, "prediction")
    chosen = answer(models, images, labels, {"drawing": drawing_of(images[0]), "label": 2})
    assert (chosen["label"], chosen["label_source"], chosen["sides"][0]["flip"]) == (2, "chosen", 0.0)


def test_two_sides_are_two_scans(models, lenet, robust, mnist_test):
    images, labels = mnist_test
    sides = [{"model": "standard", "attack": "fgsm"}, {"model": "robust", "attack": "noise"}]
    reply = answer(models, images, labels, {"index": 7, "sides": sides})
    for side, network, attack in zip(reply["sides"], (lenet, robust), ("fgsm", "noise"), strict=True):
        expected = scan(network, images[7], int(labels[7]), attack=attack)
        assert np.array_equal(side["probabilities"], expected.probabilities)
        assert side["flip"] == expected.flip_epsilon


def test_pgd_sends_its_images(models, lenet, mnist_test):
    images, labels = mnist_test
    reply = answer(models, images, labels, {"index": 7, "sides": [{"attack": "pgd", "target": 3}]})
    expected = scan(lenet, images[7], 3, attack="pgd", targeted=True)
    (side,) = reply["sides"]
    assert (side["sign"], side["target"], side["taken"]) == (None, 3, False)
    assert np.array_equal(side["frames"], expected.images)
    assert side["flip"] == expected.flip_epsilon
    assert reply["label"] == labels[7]


def test_a_target_already_read_is_taken(models, mnist_test):
    images, labels = mnist_test
    question = {"index": 7, "sides": [{"attack": "fgsm", "target": int(labels[7])}]}
    (side,) = answer(models, images, labels, question)["sides"]
    assert (side["taken"], side["target"]) == (True, None)
    untargeted = answer(models, images, labels, {"index": 7})["sides"][0]
    assert np.array_equal(side["probabilities"], untargeted["probabilities"])


BLANK = png(np.zeros((280, 280), np.uint8))
HUGE = io.BytesIO()
Image.new("1", (30_000, 30_000)).save(HUGE, "PNG", optimize=True)


@pytest.mark.parametrize(
    "question",
    [
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
    with pytest.raises(RefusalError) as caught:
        answer(models, *mnist_test, question)
    assert caught.value.key.startswith("errors.")
    assert 20 < len(str(caught.value)) < 250
    assert "/" not in str(caught.value)


@pytest.mark.parametrize("factor", [1e20, 1e37])
def test_a_network_without_finite_answers_is_refused(models, lenet, factor):
    huge = {name: value * factor for name, value in lenet.state_dict().items()}
    weights = base64.b64encode(pack_checkpoint(huge, {})).decode()
    with pytest.raises(RefusalError, match="not finite"):
        models.remember(weights)


def test_examples_of_a_cell_are_what_they_say(models, lenet, mnist_test):
    images, labels = mnist_test
    flips = sweep(lenet, images[:1000], labels[:1000], [0.2]).flips[0]
    np.fill_diagonal(flips, 0)
    truth, predicted = (int(place) for place in np.unravel_index(flips.argmax(), flips.shape))
    question = {"images": 1000, "epsilon": 0.2, "attack": "fgsm", "truth": truth, "predicted": predicted}
    found = examples_of(models, images, labels, question)["found"]
    assert len(found) == min(10, flips[truth, predicted])
    for example in found:
        assert labels[example["index"]] == truth
        assert lenet(torch.tensor(example["image"][None, None] / 255, dtype=torch.float32)).argmax() == predicted


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


def test_api_answers_many_at_once(app_url):
    # A client that has left a stream may cancel what it asks next.
    clients = [Client(app_url, verbose=False) for _ in range(4)]
    jobs = [client.submit(index, attack="pgd", api_name="/scan_test_image") for index, client in enumerate(clients)]
    assert [job.result(timeout=60)["index"] for job in jobs] == [0, 1, 2, 3]


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
