"""The network behind rounded pixels: blind attacks, the one that sees, and what is proved of it."""

import pytest
import torch
from torch import nn

from advdemo.attacks import BPDA, bpda, fgsm, mifgsm, pgd
from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.scan import scan
from advdemo.networks.binarised import Binarised
from advdemo.networks.intervals import affine_layers, margins, seen_box
from advdemo.networks.predict import accuracy
from advdemo.ui.jobs import unpack
from advdemo.ui.service.networks import pack


@pytest.fixture(scope="module")
def binarised(lenet) -> Binarised:
    return Binarised(lenet)


def test_it_sees_black_and_white_alone(binarised, lenet, mnist_test):
    images = mnist_test[0][:50]
    assert torch.equal(binarised(images), lenet((images > 0.5).float()))
    assert torch.equal(binarised(images), binarised.straight_through(images))
    assert not any(parameter.requires_grad for parameter in binarised.parameters())


def test_it_reads_clean_digits_as_well(binarised, lenet, mnist_test):
    assert accuracy(binarised, *mnist_test) > accuracy(lenet, *mnist_test) - 0.002


@pytest.mark.parametrize("attack", [fgsm, pgd, mifgsm])
def test_attacks_that_follow_gradients_stand_still(binarised, mnist_test, attack):
    images, labels = mnist_test[0][:20], mnist_test[1][:20]
    assert torch.equal(attack(binarised, images, labels, 0.3), images)


def test_bpda_fools_it_within_epsilon(binarised, mnist_test):
    images, labels = mnist_test[0][:100], mnist_test[1][:100]
    attacked = bpda(binarised, images, labels, 0.45)
    assert (attacked - images).abs().max() <= 0.45 + 1e-6
    assert accuracy(binarised, attacked, labels) < 0.4 < accuracy(binarised, images, labels)
    crossed = (attacked.round() != images.round()).flatten(1).sum(1)
    assert crossed.max() <= ((images - 0.5).abs() <= 0.45 + 1e-6).flatten(1).sum(1).max()


def test_bpda_is_pgd_where_nothing_is_rounded(lenet, mnist_test):
    images, labels = mnist_test[0][:10], mnist_test[1][:10]
    assert torch.equal(bpda(lenet, images, labels, 0.1), pgd(lenet, images, labels, 0.1))


def test_another_process_gets_the_same_network(binarised, mnist_test):
    copy = unpack(pack(binarised))
    assert isinstance(copy, Binarised)
    assert torch.equal(copy(mnist_test[0][:5].to(next(copy.parameters()).device)).cpu(), binarised(mnist_test[0][:5]))


def test_the_box_holds_all_that_rounding_can_make_of_an_image(binarised):
    """Pixels at every byte: a pixel is free exactly when it can come to the other side of 0.5."""
    images = torch.arange(784).remainder(256).view(1, 1, 28, 28) / 255
    for epsilon in (0.0, 0.1, 0.25, 0.5, 1.0):
        _, (centre, radius) = seen_box(binarised, images, epsilon)
        lower, upper = ((centre + sign * radius) * 0.3081 + 0.1307 for sign in (-1, 1))
        for sign in (-1, 0, 1):
            seen = (images + sign * epsilon).clamp(0, 1).round()
            assert ((lower - 1e-6 <= seen) & (seen <= upper + 1e-6)).all()
    _, (centre, radius) = seen_box(binarised, images, 0.1)
    assert ((radius > 0) == ((images - 0.5).abs() <= 0.1 + 1e-5)).all()


def test_no_proof_goes_beyond_what_can_be_tried_out(binarised, mnist_test):
    """All that reaches the network within a small epsilon, tried one by one."""
    image, label = mnist_test[0][1], torch.tensor([int(mnist_test[1][1])])
    epsilon = 0.02
    free = ((image - 0.5).abs() <= epsilon).flatten().nonzero().flatten()
    assert 1 < len(free) < 12
    values = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * len(free))
    everything = image.round().flatten().repeat(len(values), 1)
    everything[:, free] = values
    logits = binarised(everything.view(-1, 1, 28, 28))
    others = torch.arange(10) != label
    exact = (logits[:, label] - logits).min(0).values
    assert (margins(*seen_box(binarised, image[None], epsilon), label)[0] <= exact)[others].all()


def test_more_is_proved_than_without_rounding_and_never_what_bpda_breaks(binarised, lenet, mnist_test):
    images, labels = mnist_test
    for index in (3, 63):
        proved = certified_epsilon(binarised, images[index], int(labels[index]))
        assert certified_epsilon(lenet, images[index], int(labels[index])) < proved
        assert proved < scan(binarised, images[index], int(labels[index]), attack=BPDA(steps=10)).flip_epsilon
    *_, result = certified_stream(binarised, images[:50], labels[:50], [0.01, 0.3])
    assert result.accuracies[0] > 0.2 > result.accuracies[1]


def test_bounds_of_the_layers_alone_are_refused(binarised):
    """They would be of the pixels as they are, not as the network sees them."""
    with pytest.raises(ValueError, match="bounds are for a LeNet, a Binarised is made of other layers"):
        affine_layers(binarised)
    with pytest.raises(ValueError, match="made of other layers"):
        certified_epsilon(Binarised(nn.Linear(784, 10)), torch.zeros(1, 28, 28), 0)
