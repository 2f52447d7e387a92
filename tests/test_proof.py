"""Proof on the page: /ask/prove and what it remembers."""

import pytest
from torch import nn

from advdemo.measures.bounds import certified_epsilon
from advdemo.ui.handlers import proof
from advdemo.ui.handlers.proof import proved_epsilon
from advdemo.ui.server.cache import Recent


@pytest.fixture
def counted(monkeypatch):
    """The questions that reached `certified_epsilon`."""
    asked = []

    def count(network, image, label, on_step):
        asked.append(label)
        return certified_epsilon(network, image, label, method="intervals")

    monkeypatch.setattr(proof, "certified_epsilon", count)
    return asked


def test_a_proof_is_remembered_for_its_network_label_and_image(certified, robust, mnist_test, counted):
    images, labels = mnist_test
    known = Recent(100)
    first = proved_epsilon(known, "certified", certified, images[0], int(labels[0]))
    assert first == certified_epsilon(certified, images[0], int(labels[0]), method="intervals") > 0.1
    assert proved_epsilon(known, "certified", certified, images[0].clone(), int(labels[0])) == first
    assert len(counted) == 1
    others = [
        ("robust", robust, images[0], 7),
        ("certified", certified, images[0], 3),
        ("certified", certified, images[1], 7),
    ]
    assert first not in [proved_epsilon(known, *other) for other in others]
    assert len(counted) == 4


def test_the_oldest_proofs_are_forgotten(certified, mnist_test, counted):
    known = Recent(2)
    for index in (0, 1, 2, 0):
        proved_epsilon(known, "certified", certified, mnist_test[0][index], int(mnist_test[1][index]))
    assert (len(counted), len(known)) == (4, 2)


def test_other_layers_have_no_proof(mnist_test, counted):
    other = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    assert proved_epsilon(Recent(2), "mine", other, mnist_test[0][0], 7) is None
    assert counted == []


def test_the_server_proves_each_side_below_what_attacks_find(visitor):
    ask = visitor().ask
    question = {"index": 7, "sides": [{"network": "standard"}, {"network": "certified", "attack": "pgd"}]}
    status, proved = ask("prove", question)
    _, found = ask("scan", question)
    assert status == 200
    for bound, attacked in zip(proved["sides"], found["sides"], strict=True):
        assert 0 < bound["proved"] < (attacked["flip"] or 1)
    assert proved["sides"][0]["proved"] < 0.1 < proved["sides"][1]["proved"]
    assert ask("prove", question | {"label": 3})[1]["sides"][0] == {"proved": 0.0}  # it is no 3: nothing to prove


@pytest.mark.parametrize(
    "question",
    [{"index": -1}, {"index": 7, "sides": []}, {"index": 7, "sides": [{"network": "nobody's"}]}, {"pixels": "x"}],
)
def test_odd_questions_are_refused(visitor, question):
    status, error = visitor().ask("prove", question)
    assert status == 400
    assert error["key"].startswith(("errors.", "share."))
