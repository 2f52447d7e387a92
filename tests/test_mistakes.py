"""The classic mistakes: each really does what its card says, and the lines shown are the lines run."""

import math

import pytest
import torch
from art.attacks.evasion import FastGradientMethod
from art.estimators.classification import PyTorchClassifier
from torch.nn import functional as F

from advdemo import MEAN, STD
from advdemo.attacks import fgsm
from advdemo.measures import mistakes
from advdemo.measures.mistakes import CODE, EPSILON, MISTAKES, SMALL_EPSILON, compare


@pytest.fixture(scope="module")
def found(lenet, mnist_test):
    return {name: compare(name, lenet, *mnist_test) for name in MISTAKES}


def left_by_art(network, images, labels, epsilon):
    """The accuracy that ART's FGSM leaves."""
    classifier = PyTorchClassifier(network, torch.nn.CrossEntropyLoss(), (1, 28, 28), 10, clip_values=(0, 1))
    attacked = FastGradientMethod(classifier, eps=epsilon).generate(images.numpy(), labels.numpy())
    return float((classifier.predict(attacked).argmax(1) == labels.numpy()).mean())


def test_the_right_lines_are_fgsm(found, lenet, mnist_test):
    images, labels = (part[:500] for part in mnist_test)
    for name, epsilon in {"units": EPSILON, "nll": SMALL_EPSILON}.items():
        assert found[name].epsilon == epsilon
        assert found[name].rows["accuracy"][1] == pytest.approx(left_by_art(lenet, images, labels, epsilon), abs=0.005)
    x = images[:20]
    assert torch.equal(mistakes.nll_right(lenet, x, labels[:20], 0.1), fgsm(lenet, x, labels[:20], 0.1))


def test_normalised_units_spoil_the_picture_and_spare_the_network(found):
    rows = found["units"].rows
    white = MEAN + STD  # where 1 in normalised units is
    assert rows["unmoved"] == (pytest.approx(1 - white, abs=1e-6), 0)
    assert rows["change"] == (pytest.approx(1 - white, abs=1e-6), pytest.approx(EPSILON, abs=1e-6))
    assert rows["accuracy"][0] > 0.9 > 0.1 > rows["accuracy"][1]
    original, wrong, right = found["units"].pictures
    assert (float(wrong.min()), float(wrong.max())) == (pytest.approx(MEAN), pytest.approx(white))
    assert float((right - original).abs().max()) <= EPSILON + 1e-6
    assert found["units"].reads[0] == found["units"].reads[1] != found["units"].reads[2]


def test_nll_on_logits_is_minus_a_logit_and_attacks_worse(found, lenet, mnist_test):
    images, labels = (part[:500] for part in mnist_test)
    logits = lenet(images)
    rows = found["nll"].rows
    assert rows["loss"] == (
        pytest.approx(-float(logits.gather(1, labels[:, None]).mean()), rel=1e-5),
        pytest.approx(-float(logits.log_softmax(1).gather(1, labels[:, None]).mean()), rel=1e-4),
    )
    assert rows["loss"][0] < 0
    assert rows["accuracy"][0] > rows["accuracy"][1] + 0.02


def test_softmax_twice_has_its_limits_and_learns_less(found, lenet, mnist_test):
    rows = found["softmax"].rows
    assert rows["loss"][0] > math.log(1 + 9 / math.e) > 1 > rows["loss"][1]
    assert rows["confidence"][0] <= math.e / (math.e + 9) + 1e-6 < 0.99 < rows["confidence"][1]
    assert rows["learnt"][1] > rows["learnt"][0] + 0.2
    # As its card says, FGSM does not notice.
    images, labels = mnist_test[0][:100].clone().requires_grad_(), mnist_test[1][:100]
    F.cross_entropy(lenet(images).softmax(1), labels).backward()
    twice = (images + 0.1 * images.grad.sign()).clamp(0, 1).detach()
    once = fgsm(lenet, mnist_test[0][:100], labels, 0.1)
    left = [(lenet(attacked).argmax(1) == labels).float().mean() for attacked in (twice, once)]
    assert abs(left[0] - left[1]) < 0.02


def test_fgsm_alone_calls_a_defence_safe_that_is_none(found, lenet, mnist_test):
    rows = found["alone"].rows
    assert rows["defended"][0] > 0.95  # FGSM stands still
    assert rows["bare"][0] < 0.1
    assert rows["defended"][1] == rows["bare"][1] < 0.05  # as it must be: no answer differs
    original, wrong, _ = found["alone"].pictures
    assert torch.equal(original, wrong)
    assert found["alone"].reads[2] != found["alone"].reads[0]
    images = mnist_test[0][:200]
    assert torch.equal((mistakes.SHARPNESS * lenet(images)).argmax(1), lenet(images).argmax(1))


def test_the_lines_shown_run_by_themselves(lenet, mnist_test):
    for name in ("units", "nll"):
        for side in ("wrong", "right"):
            space = {"F": F}
            exec(CODE[name].get("both", "") + CODE[name][side], space)
            shown = space[f"{name}_{side}"](lenet, mnist_test[0][:5], mnist_test[1][:5], 0.2)
            run = getattr(mistakes, f"{name}_{side}")(lenet, mnist_test[0][:5], mnist_test[1][:5], 0.2)
            assert torch.equal(shown, run)
    assert all(3 <= len(CODE[name][side].splitlines()) <= 6 for name in MISTAKES for side in ("wrong", "right"))


def test_odd_wishes_are_refused(lenet, mnist_test):
    with pytest.raises(ValueError, match="unknown mistake 'typo': choose one of units"):
        compare("typo", lenet, *mnist_test)
    with pytest.raises(ValueError, match="softmax needs 2000 images, got 600"):
        compare("softmax", lenet, *(part[:600] for part in mnist_test))
