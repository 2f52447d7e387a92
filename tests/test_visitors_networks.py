import logging

import pytest
import torch

from advdemo.networks.checkpoint import pack_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.networks.predict import freeze
from advdemo.training.recipes import RECIPES
from advdemo.ui.fields import Offered
from advdemo.ui.requests import TrainRequest, parse
from advdemo.ui.server.errors import RefusalError, as_error
from advdemo.ui.service import networks as networks_module
from advdemo.ui.service.networks import Networks
from advdemo.ui.settings import epoch_cap, training_enabled
from advdemo.ui.words import say


@pytest.fixture
def networks() -> Networks:
    return Networks({"standard": freeze(FastLeNet())})


def file_of(seed: int) -> bytes:
    torch.manual_seed(seed)
    return pack_checkpoint(FastLeNet().state_dict(), {"recipe": f"seed {seed}"})


def test_a_visitors_network_is_remembered_by_its_content(networks):
    network, name, record = networks.remember(file_of(1))
    assert record == {"recipe": "seed 1"}
    assert networks.pick(name) is network
    assert networks.remember(file_of(1))[:2] == (network, name)
    assert networks.remember(file_of(2))[1] != name


def test_the_oldest_networks_are_forgotten_and_only_those(monkeypatch):
    monkeypatch.setattr(networks_module, "REMEMBERED", 3)
    networks = Networks({"standard": freeze(FastLeNet())})
    names = [networks.remember(file_of(seed))[1] for seed in range(3)]
    for name in names:
        networks.pick(name)
    networks.pick(names[0])  # the oldest, but used last
    newest = networks.remember(file_of(3))[1]
    for name in (names[0], names[2], newest):
        networks.pick(name)
    with pytest.raises(RefusalError) as refused:
        networks.pick(names[1])
    assert refused.value.key == "errors.unknown_model"


def test_what_was_forgotten_can_be_sent_along(monkeypatch):
    monkeypatch.setattr(networks_module, "REMEMBERED", 1)
    networks = Networks({"standard": freeze(FastLeNet())})
    name = networks.remember(file_of(1))[1]
    networks.remember(file_of(2))
    assert torch.equal(networks.pick(name, file_of(1)).fc[4].bias, networks.remember(file_of(1))[0].fc[4].bias)


def test_weights_come_under_their_own_name_alone(networks):
    name = networks.remember(file_of(1))[1]
    with pytest.raises(RefusalError) as refused:
        networks.pick(name, file_of(2))  # or what is found out about these would be told of the others
    assert refused.value.key == "errors.unknown_model"


def test_an_unexpected_error_is_an_apology_and_is_logged(caplog):
    with caplog.at_level(logging.ERROR):
        told = as_error(KeyError("/a/path/of/the/server"))
    assert told == {"key": "errors.apology", "values": {}}
    assert "path of the server".replace(" ", "/") in caplog.text
    assert "server;" in say(told["key"])


def test_adversarial_training_has_a_fifth_of_the_epochs(monkeypatch):
    monkeypatch.delenv("ADVDEMO_MAX_EPOCHS", raising=False)
    assert (epoch_cap(RECIPES["default"]), epoch_cap(RECIPES["robust"])) == (60, 12)
    monkeypatch.setenv("ADVDEMO_MAX_EPOCHS", "3")
    assert (epoch_cap(RECIPES["default"]), epoch_cap(RECIPES["robust"])) == (3, 1)
    monkeypatch.setenv("ADVDEMO_MAX_EPOCHS", "many")
    with pytest.raises(ValueError, match="ADVDEMO_MAX_EPOCHS must be a whole number of at least 1, got 'many'"):
        epoch_cap(RECIPES["default"])


def refusal_of(question: dict) -> str:
    """The key with which a training is refused."""
    with pytest.raises(RefusalError) as refused:
        parse(TrainRequest, question, Offered(10_000, ("standard",)))
    return refused.value.key


def test_training_can_be_switched_off(monkeypatch):
    question = {"recipe": "robust", "epochs": 13, "learning_rate": 0.01, "seed": 0}
    monkeypatch.delenv("ADVDEMO_TRAINING", raising=False)
    monkeypatch.delenv("ADVDEMO_MAX_EPOCHS", raising=False)
    assert training_enabled()
    assert refusal_of(question) == "errors.bad_epochs"
    monkeypatch.setenv("ADVDEMO_TRAINING", "Off")
    assert not training_enabled()
    assert refusal_of(question) == "errors.training_off"
