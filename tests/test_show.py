"""Networks of one's own: which are taken, and how. A page with one is asked in `browser/test_guest.py`."""

import asyncio
import threading
import time

import pytest
import torch
from torch import nn

import advdemo
from advdemo import serve
from advdemo.cli.show import find_network
from advdemo.networks.fast import FastLeNet
from advdemo.networks.guest import Guest, Stopped, adopt
from advdemo.networks.lenet import LeNet
from advdemo.ui.work.here import run_here
from tests.guests import Means


class Fixed(nn.Module):
    """The same logits for every picture, with a gradient of zero."""

    def __init__(self, *logits):
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, images):
        return self.logits.expand(len(images), -1) + 0 * images.sum((1, 2, 3))[:, None]


class Rounded(Means):
    def forward(self, images):
        return super().forward(images).detach()


class Broken(Means):
    def forward(self, images):
        raise RuntimeError("out of order\nand more of it")


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (5, "must be an nn.Module, got int"),
        (nn.Linear(784, 10), "fails on pixels"),
        (Broken(), "fails on pixels .*: out of order$"),
        (Fixed(*range(9)), r"must give logits \(1, 10\) for 1 images, got \(1, 9\)"),
        (Fixed(*[0.1] * 10), "gives probabilities: leave its last softmax out"),
        (Fixed(*[float("nan")] * 10), "gives values that are not finite"),
        (Rounded(), "has no gradient by its pixels"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_shown_is_told(network, sentence):
    with pytest.raises(ValueError, match="^the network 'mine' " + sentence):
        advdemo.show({"mine": network})


@pytest.mark.parametrize("name", ["", "  ", "a" * 41, "two\nlines", "standard", 7])
def test_names_that_cannot_be_used(name):
    with pytest.raises(ValueError, match="name"):
        advdemo.show({name: Means()})


def test_a_guest_is_copied_and_a_lenet_is_one(lenet):
    network = Means().train()
    guest = adopt(network, "it")
    assert network.training
    assert not guest.training
    network.means.zero_()
    assert guest(torch.ones(1, 1, 28, 28)).abs().sum() > 0
    slow = LeNet()
    slow.load_state_dict(lenet.state_dict())
    fast = adopt(slow, "it")
    assert isinstance(fast, FastLeNet)
    assert torch.equal(fast.conv[0].weight, lenet.conv[0].weight)


def test_work_on_a_guest_ends_when_nobody_waits():
    guest, asked = Guest(Means()), []

    def forever(network):
        while True:
            asked.append(network(torch.zeros(1, 1, 28, 28)))
            yield len(asked)

    async def leave_after(count):
        answers = run_here(forever, (guest,))
        async for number in answers:
            if number == count:
                break
        await answers.aclose()

    asyncio.run(leave_after(3))
    deadline = time.monotonic() + 5
    while any(thread.name == "local job" for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "the thread goes on"
        time.sleep(0.01)
    assert guest(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


def test_work_on_a_guest_flushes_tiny_numbers_and_its_caller_does_not():
    def halved(network):
        yield float(torch.tensor(torch.finfo(torch.float32).tiny) / 2 * 2**20)

    async def ask():
        return [message async for message in run_here(halved, (Guest(Means()),))]

    assert asyncio.run(ask()) == [0.0]
    assert next(halved(None)) > 0


def test_a_guest_s_own_trouble_is_raised_here():
    def fails(network):
        yield network(torch.zeros(1, 1, 28, 28))

    async def ask():
        return [message async for message in run_here(fails, (Guest(Broken()),))]

    with pytest.raises(RuntimeError, match="out of order"):
        asyncio.run(ask())
    ended = threading.Event()
    ended.set()
    with pytest.raises(Stopped):
        Guest(Means()).until(ended)(torch.zeros(1, 1, 28, 28))


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("mine", "my_module:make_model, got 'mine'"),
        (":mine", "my_module:make_model, got ':mine'"),
        ("no_such_module:mine", "no_such_module cannot be imported"),
        ("tests.guests:nothing", "tests.guests has no nothing"),
        ("tests.guests:number", "must be an nn.Module, or a function that makes one, got int"),
    ],
)
def test_places_where_there_is_no_network(place, sentence):
    with pytest.raises(ValueError, match=sentence):
        find_network(place)


def test_a_function_a_class_or_a_network_itself_can_be_named(monkeypatch):
    from tests import guests

    monkeypatch.setattr(guests, "made", Means(), raising=False)
    assert all(isinstance(find_network(f"tests.guests:{name}"), Means) for name in ("means", "Means", "made"))


def test_show_from_a_program(monkeypatch):
    shown = []
    monkeypatch.setattr(serve, "build_page", lambda networks, *arguments: networks)
    monkeypatch.setattr(serve, "launch", lambda networks, **options: shown.append((list(networks), options)))
    advdemo.show({"mine": Means(), "another": Means()}, inbrowser=True)
    advdemo.show({}, block=False)
    shipped = ["standard", "robust", "certified"]
    assert shown == [([*shipped, "mine", "another"], {"block": True, "inbrowser": True}), (shipped, {"block": False})]
