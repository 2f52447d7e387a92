"""Attacks whatever mode torch is in, and images that require gradients."""

import pytest
import torch

from advdemo.attacks import ATTACKS, fgsm, make_settings, mifgsm, pgd, square
from advdemo.networks.lenet import LeNet


@pytest.fixture(scope="module")
def batch(mnist_test):
    return mnist_test[0][:2], mnist_test[1][:2]


FUNCTIONS = {
    "fgsm": fgsm,
    "pgd": lambda *given: pgd(*given, steps=2),
    "mifgsm": lambda *given: mifgsm(*given, steps=2),
    "square": lambda *given: square(*given, queries=20),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_in_inference_mode_the_answer_is_the_same(name, lenet, batch):
    expected = FUNCTIONS[name](lenet, *batch, 0.2)
    with torch.inference_mode():
        assert torch.equal(FUNCTIONS[name](lenet, *batch, 0.2), expected)
        inside = [tensor.clone() for tensor in batch]
        assert inside[0].is_inference()
        assert torch.equal(FUNCTIONS[name](lenet, *inside, 0.2), expected)


def test_a_network_made_in_inference_mode_gets_a_sentence(batch):
    with torch.inference_mode():
        network = LeNet()
    with pytest.raises(ValueError, match="made in inference mode.*outside torch.inference_mode"):
        fgsm(network, *batch, 0.2)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_never_require_grad(name, lenet, batch):
    images = batch[0].clone().requires_grad_()
    assert not FUNCTIONS[name](lenet, images, batch[1], 0.2).requires_grad


@pytest.mark.parametrize("name", [row.name for row in ATTACKS.values() if row.quick])
def test_prepared_results_never_require_grad(name, lenet, batch):
    prepared = make_settings(name).prepare(lenet, batch[0].clone().requires_grad_(), batch[1])
    assert not prepared.at(0.2).requires_grad


def test_normalised_pixels_are_called_so(lenet, batch):
    with pytest.raises(ValueError, match=r"got -0.4.*normalised, leave that out"):
        fgsm(lenet, (batch[0] - 0.1307) / 0.3081, batch[1], 0.2)
    with pytest.raises(ValueError, match="divide bytes by 255 first"):
        fgsm(lenet, batch[0] * 255, batch[1], 0.2)
