"""Networks of somebody's own that are hard to take, and what is said of those that behave oddly."""

import pytest
import torch
from torch import nn
from torch.nn.utils import weight_norm

from advdemo.networks.guest import adopt
from advdemo.networks.lenet import LeNet
from advdemo.ui.service.guests import look
from tests.guests import Means


@pytest.mark.filterwarnings("ignore:`torch.jit", "ignore:`torch.nn.utils.weight_norm")
@pytest.mark.parametrize("make", [lambda: torch.jit.trace(LeNet().eval(), torch.zeros(1, 1, 28, 28)), lambda: normed()])
def test_what_cannot_be_copied_is_taken_as_it_is(make):
    network = make()
    guest = adopt(network, "it")
    images = torch.rand(3, 1, 28, 28)
    assert torch.equal(guest(images), network(images))


def normed():
    network = nn.Sequential(nn.Flatten(), weight_norm(nn.Linear(784, 10)))
    network(torch.zeros(1, 1, 28, 28))
    return network


class Wrapped(Means):
    def __init__(self, wrap):
        super().__init__()
        self.wrap = wrap

    def forward(self, images):
        return self.wrap(super().forward(images))


@pytest.mark.parametrize(
    ("wrap", "sentence"),
    [
        (
            lambda logits: (logits, None),
            r"answers with a tuple, not with a tensor: wrap it so that it gives the logits",
        ),
        (lambda logits: {"logits": logits}, "answers with a dict"),
        (lambda logits: logits.softmax(1), "gives probabilities: leave its last softmax out"),
    ],
    ids=["tuple", "dict", "probabilities"],
)
def test_another_answer_than_logits_gets_a_sentence(wrap, sentence):
    with pytest.raises(ValueError, match="^mine " + sentence):
        adopt(Wrapped(wrap), "mine")


class Bytes(Means):
    def forward(self, images):
        return super().forward(1 - images)


class Noisy(Means):
    def forward(self, images):
        return super().forward(images + 0.1 * torch.randn_like(images))


def test_a_guest_is_looked_at_and_what_is_odd_is_said(mnist_test, capsys):
    assert look("mine", adopt(Means(), "mine"), *mnist_test) == []
    assert capsys.readouterr().out.startswith("mine reads 8")
    (note,) = look("mine", adopt(Bytes(), "mine"), *mnist_test)
    assert note["key"] == "guests.misreads"
    assert "does it expect 0 to 255, or black on white?" in capsys.readouterr().out
    (note,) = look("mine", adopt(Noisy(), "mine"), *mnist_test)
    assert note["key"] == "guests.wavers"
    assert "differ from call to call: is dropout or noise on?" in capsys.readouterr().out
