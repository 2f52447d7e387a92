import json

import pytest
import torch
from torch.nn import functional as F

from advdemo.attacks.fgsm import LOSSES
from advdemo.measures.sweep import EPSILONS, TUTORIAL_ACCURACIES
from advdemo.training import reproduce


def tutorial_procedure(model, images, labels, epsilon, criterion):
    """The tutorial's test(): one image at a time, wrong ones skipped; the share that stays right."""
    correct = 0
    for image, label in zip(images.split(1), labels.split(1), strict=True):
        image = image.clone().requires_grad_()
        logits = model(image)
        if logits.argmax(1) != label:
            continue
        (gradient,) = torch.autograd.grad(criterion(logits, label), image)
        attacked = torch.clamp(image + epsilon * gradient.sign(), 0, 1)
        correct += int(model(attacked).argmax(1) == label)
    return correct / len(images)


@pytest.mark.slow
def test_measure_is_the_tutorial_s_procedure(lenet, mnist_test):
    images, labels = (part[2000:2060] for part in mnist_test)
    measured = reproduce.measure(lenet, images, labels)
    criteria = {"cross-entropy": F.cross_entropy, "nll-on-logits": F.nll_loss}
    assert measured.keys() == criteria.keys() == set(LOSSES)
    for loss, criterion in criteria.items():
        expected = [tutorial_procedure(lenet, images, labels, epsilon, criterion) for epsilon in EPSILONS]
        assert measured[loss] == pytest.approx(expected)


def test_reproduce_trains_each_seed_on_held_out_selection(small_mnist, monkeypatch):
    monkeypatch.setattr(reproduce, "HELD_OUT", 200)
    lines = []
    result = reproduce.reproduce([0, 1], epochs=2, data_dir=small_mnist, say=lines.append)
    assert [run["seed"] for run in result["runs"]] == [0, 1]
    assert len(lines) == 4
    assert all("validation" in line for line in lines)
    assert json.loads(json.dumps(result))["published"] == list(TUTORIAL_ACCURACIES)
    assert len(reproduce.table(result).splitlines()) == 1 + len(EPSILONS)


def test_mean_and_spread():
    result = {"runs": [{"cross-entropy": [0.9, 0.5]}, {"cross-entropy": [0.8, 0.1]}]}
    assert reproduce.mean_and_spread(result, "cross-entropy") == [pytest.approx((0.85, 0.1)), pytest.approx((0.3, 0.4))]


def test_the_saved_result_is_of_three_seeds():
    result = reproduce.load_result()
    assert len({run["seed"] for run in result["runs"]}) >= 3
    assert tuple(result["epsilons"]) == EPSILONS
    for run in result["runs"]:
        assert run["cross-entropy"][0] == run["nll-on-logits"][0] > 0.98  # without an attack the loss does not matter


def test_no_result(tmp_path):
    assert reproduce.load_result(tmp_path / "none.json") is None
