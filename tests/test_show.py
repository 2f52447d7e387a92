"""The page with networks of one's own: which are taken, and that every tab's questions are answered about them."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from torch import nn

import advdemo
from advdemo import serve
from advdemo.cli.show import find_network
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.fast import FastLeNet
from advdemo.networks.guest import Guest, Stopped, adopt
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import predict
from advdemo.ui.server.here import run_here
from tests.conftest import ROOT, showing_app
from tests.guests import Means


@pytest.fixture(scope="module")
def client():
    with showing_app("tests.guests:Means") as port:
        yield Client(f"http://127.0.0.1:{port}", verbose=False)


def test_a_guest_is_asked_as_the_shipped_ones_are(client, mnist_test):
    images, labels = mnist_test
    network, image, label = adopt(Means(), "it"), images[0], int(labels[0])
    reply = client.predict(index=0, network="Means", api_name="/predict")
    assert reply["probabilities"] == pytest.approx(predict(network, image[None])[0].tolist(), abs=1e-6)
    for attack in ("fgsm", "pgd"):
        expected = scan(network, image, label, attack=attack).flip_epsilon
        assert client.predict(index=0, network="Means", attack=attack, api_name="/scan")["flip"] == expected > 0
    expected = sweep(network, images[:500], labels[:500], [0, 0.1]).correct.tolist()
    reply = client.predict(count=500, epsilons="0, 0.1", network="Means", api_name="/sweep")
    assert reply["correct"] == expected
    assert expected[0] > 350 > expected[1]
    assert client.predict(index=0, network="standard", api_name="/predict")["prediction"] == label


def test_what_needs_lenet_s_layers_says_so(client):
    with pytest.raises(AppError, match="LeNet's layers"):
        client.predict(index=0, network="Means", api_name="/certify")


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


RELOAD = """
from gradio.cli.commands.reload import reload_thread

from advdemo.serve import shipped_page
from advdemo.ui.page import launch

reload_thread.running_reload = True  # as `gradio app.py` marks the thread that reads the file again
launch(shipped_page())
"""


def test_the_reloader_of_gradio_gets_its_page_back():
    subprocess.run([sys.executable, "-c", RELOAD], cwd=ROOT, check=True, timeout=90)
