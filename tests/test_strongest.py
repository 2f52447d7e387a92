"""PGD at ever smaller epsilons, between what is certified and what FGSM needs."""

import pytest
import torch
from torch import nn

from advdemo.attacks import pgd
from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.scan import scan
from advdemo.measures.strongest import smallest_success
from advdemo.networks.binarised import Binarised
from advdemo.networks.predict import freeze


@pytest.mark.parametrize("index", [3, 63])
def test_it_lies_between_the_certificate_and_fgsm_and_is_true(lenet, mnist_test, index):
    image, label = mnist_test[0][index], int(mnist_test[1][index])
    proved, flip = certified_epsilon(lenet, image, label), scan(lenet, image, label).flip_epsilon
    found = smallest_success(lenet, image, label, above=proved, below=flip)
    assert proved < found < 0.9 * flip
    many = image.expand(200, -1, -1, -1)  # starts, of which at least one in twenty succeeds
    generator = torch.Generator().manual_seed(0)
    attacked = pgd(lenet, many, torch.full((200,), label), found, random_start=True, generator=generator)
    assert (lenet(attacked).argmax(1) != label).any()


def test_of_a_linear_network_it_is_exact():
    """Its margin falls by as much in every pixel, so that attacks by signs begin to succeed at one epsilon."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    exact, weight = 0.1234, network[1].weight.data.zero_()
    weight[1] = 1 / 784
    network[1].bias.data.fill_(-9.0)[:2] = torch.tensor([0.5 + exact, 0.0])
    freeze(network)
    image = torch.full((1, 28, 28), 0.5)
    assert smallest_success(network, image, 0) == pytest.approx(exact, abs=0.5 / 8**3 + 1e-4)
    assert smallest_success(network, image, 0, below=exact - 0.01) is None


def test_rounded_pixels_are_no_defence(lenet, mnist_test):
    assert smallest_success(Binarised(lenet), mnist_test[0][3], int(mnist_test[1][3])) < 0.5


def test_refused(lenet, mnist_test):
    for label, bounds in ((10, {}), (True, {}), (0, {"above": 0.3, "below": 0.2}), (0, {"below": 1.5})):
        with pytest.raises(ValueError, match=r"label|epsilon"):
            smallest_success(lenet, mnist_test[0][3], label, **bounds)
