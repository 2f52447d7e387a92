"""What the server replies to the page, and to bad input."""

import numpy as np
import pytest
import torch
from huggingface_hub import SpaceCard

from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import pack_checkpoint
from advdemo.serve import CHECKPOINT
from advdemo.ui.handlers.scan import scan_sides
from advdemo.ui.handlers.sweep import examples_of
from advdemo.ui.requests import CellRequest, ScanRequest, parse
from advdemo.ui.server.errors import RefusalError
from tests.asker import pixels_of

README = CHECKPOINT.parent.parent / "README.md"


def answer(service, given):
    return scan_sides(service, parse(ScanRequest, given, service.offered))


def test_answer_is_the_scan(service, lenet, mnist_test):
    images, labels = mnist_test
    reply = answer(service, {"index": 7, "label": None})
    expected = scan(lenet, images[7], int(labels[7]))
    assert reply["label"] == labels[7]
    (side,) = reply["sides"]
    assert side["flip"] == expected.flip_epsilon
    assert np.array_equal(side["probabilities"], expected.probabilities)


def test_a_drawing_is_labelled_by_its_clean_prediction(service, mnist_test):
    images, _ = mnist_test
    reply = answer(service, {"pixels": pixels_of(images[0])})
    assert (reply["label"], reply["label_source"]) == (7, "prediction")
    chosen = answer(service, {"pixels": pixels_of(images[0]), "label": 2})
    assert (chosen["label"], chosen["label_source"], chosen["sides"][0]["flip"]) == (2, "chosen", 0.0)


def test_two_sides_are_two_scans(service, lenet, robust, mnist_test):
    images, labels = mnist_test
    sides = [{"network": "standard", "attack": "fgsm"}, {"network": "robust", "attack": "noise"}]
    reply = answer(service, {"index": 7, "sides": sides})
    for side, network, attack in zip(reply["sides"], (lenet, robust), ("fgsm", "noise"), strict=True):
        expected = scan(network, images[7], int(labels[7]), attack=attack)
        assert np.array_equal(side["probabilities"], expected.probabilities)
        assert side["flip"] == expected.flip_epsilon


def test_pgd_sends_its_images(service, lenet, mnist_test):
    images, labels = mnist_test
    reply = answer(service, {"index": 7, "sides": [{"attack": "pgd", "target": 3}]})
    expected = scan(lenet, images[7], 3, attack="pgd", targeted=True)
    (side,) = reply["sides"]
    assert (side["sign"], side["target"], side["taken"]) == (None, 3, False)
    assert np.array_equal(side["frames"], expected.images)
    assert side["flip"] == expected.flip_epsilon
    assert reply["label"] == labels[7]


def test_a_target_already_read_is_taken(service, mnist_test):
    _, labels = mnist_test
    question = {"index": 7, "sides": [{"attack": "fgsm", "target": int(labels[7])}]}
    (side,) = answer(service, question)["sides"]
    assert (side["taken"], side["target"]) == (True, None)
    untargeted = answer(service, {"index": 7})["sides"][0]
    assert np.array_equal(side["probabilities"], untargeted["probabilities"])


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
        {"index": 7, "sides": [{"network": "0" * 64}], "weights": "AAA?"},
        {"pixels": None},
        {"index": 7, "pixels": "AAAA"},
        {"index": 7, "sides": [{"attack": "square"}]},
        {"index": 7, "sides": [{"attack": "noise", "target": 3}]},
        {"index": 7, "indx": 8},
        {"pixels": 5},
        {"pixels": "????"},
        {"pixels": "A" * 10_000_000},
        {"drawing": "data:image/png;base64,AAAA"},
    ],
    ids=lambda question: str(question)[:60],
)
def test_bad_questions_get_one_sentence(service, mnist_test, question):
    with pytest.raises(RefusalError) as caught:
        answer(service, question)
    assert caught.value.key.startswith(("errors.", "api.", "share."))
    assert 20 < len(str(caught.value)) < 250
    assert "/" not in str(caught.value)


@pytest.mark.parametrize("factor", [1e20, 1e37])
def test_a_network_without_finite_answers_is_refused(service, lenet, factor):
    huge = {name: value * factor for name, value in lenet.state_dict().items()}
    with pytest.raises(RefusalError, match="not finite"):
        service.networks.remember(pack_checkpoint(huge, {}))


def test_examples_of_a_cell_are_what_they_say(service, lenet, mnist_test):
    images, labels = mnist_test
    flips = sweep(lenet, images[:1000], labels[:1000], [0.2]).flips[0]
    np.fill_diagonal(flips, 0)
    truth, predicted = (int(place) for place in np.unravel_index(flips.argmax(), flips.shape))
    given = {"images": 1000, "epsilon": 0.2, "attack": "fgsm", "truth": truth, "predicted": predicted}
    found = examples_of(service, parse(CellRequest, given, service.offered))["found"]
    assert len(found) == min(10, flips[truth, predicted])
    for example in found:
        assert labels[example["index"]] == truth
        assert lenet(torch.tensor(example["image"][None, None] / 255, dtype=torch.float32)).argmax() == predicted


def test_readme_is_a_valid_space_card():
    card = SpaceCard.load(README)
    assert card.data.sdk == "gradio"
    assert card.data.app_file == "app.py"
    assert len(card.data.short_description) <= 60
