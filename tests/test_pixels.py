"""Few pixels, changed at will."""

import pytest
import torch
from torch import nn

from advdemo.attacks import few_pixels
from advdemo.networks.binarised import Binarised


class Sum(nn.Module):
    """Reads 1 as soon as the pixels of the first row add up to more than 2.5, and what is `lacking`; else 0."""

    def __init__(self, lacking=0.0):
        super().__init__()
        self.enough = 2.5 - lacking

    def forward(self, images):
        ink = images[:, 0, 0].sum(1)
        return torch.stack([self.enough - ink, ink - self.enough, *[torch.full_like(ink, -9.0)] * 8], 1)


def test_the_fewest_are_found_where_it_is_plain_which():
    image, count = few_pixels(Sum(), torch.zeros(1, 28, 28), 0)
    assert count == 3
    assert image[0, 0].sum() == image.sum() == 3


def test_it_gives_up_and_does_nothing_to_what_is_misread():
    blank = torch.zeros(1, 28, 28)
    image, count = few_pixels(Sum(), blank, 0, most=2)
    assert (int(image.sum()), count) == (2, None)
    image, count = few_pixels(Sum(-1e9), blank, 0, most=1000)  # more than there are
    assert (int(image.sum()), count) == (784, None)
    same, none = few_pixels(Sum(), blank, 1)
    assert none == 0
    assert torch.equal(same, blank)


def test_a_handful_fools_every_network_and_one_or_two_the_certified(lenet, robust, certified, mnist_test):
    images, labels = mnist_test[0][:4], mnist_test[1][:4]
    counts = {}
    for network in (lenet, Binarised(lenet), robust, certified):
        found = [few_pixels(network, image, int(label)) for image, label in zip(images, labels, strict=True)]
        for (turned, count), image, label in zip(found, images, labels, strict=True):
            changed = turned != image
            assert changed.sum() == count
            assert turned[changed].unique().tolist() in ([0.0, 1.0], [0.0], [1.0])
            assert network(turned[None]).argmax() != label
        counts[network] = sum(count for _, count in found) / 4
    assert counts[certified] < counts[robust] < counts[lenet] < 12


@pytest.mark.parametrize(("image", "label", "most"), [(torch.zeros(28, 28), 0, 5), (torch.zeros(1, 28, 28), 10, 5),
                                                      (torch.zeros(1, 28, 28), 0, 0)])  # fmt: skip
def test_odd_arguments_are_refused(image, label, most):
    with pytest.raises(ValueError, match="must be"):
        few_pixels(Sum(), image, label, most=most)


def test_the_page_is_told_what_was_turned_and_what_it_reads_then(visitor):
    question = {"index": 7, "sides": [{"network": "certified"}]}
    status, answer = visitor().ask("pixels", question)
    assert status == 200
    assert answer["fooled"]
    assert answer["reads"] != 9 == visitor().ask("scan", question)[1]["label"]
    assert 1 <= answer["count"] <= 5
    assert visitor().ask("pixels", question | {"index": -1})[0] == 400
