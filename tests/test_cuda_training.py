"""Trainings, a search and networks of one's own under the made-up CUDA device of `pretend.py`."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from advdemo.attacks.latent import search_latents
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.generator import LATENT, Generator, generate
from advdemo.networks.guest import adopt
from advdemo.networks.predict import freeze
from advdemo.training.advgan import AdvGANRecipe, train_perturber
from advdemo.training.gan import Game, GanRecipe
from advdemo.training.pair import train_pair
from advdemo.training.recipes import RECIPES
from advdemo.training.train import train
from tests import pretend
from tests.conftest import CHECKPOINT
from tests.pretend import both

GAME = GanRecipe(epochs=2, batch_size=8)


@pytest.fixture(autouse=True)
def _device():
    with pretend.cuda():
        yield


@pytest.fixture
def few(mnist_test):
    return mnist_test[0][:6], mnist_test[1][:6]


@pytest.fixture
def standard():
    """The network by device."""
    return {device: load_checkpoint(CHECKPOINT, device)[0] for device in ("cuda", "cpu")}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_step_of_each_recipe(recipe, few):
    settings = replace(RECIPES[recipe], epochs=1)
    found, expected = (
        next(train(settings, *few, validation=few, device=torch.device(device))) for device in ("cuda", "cpu")
    )
    assert found.train_loss == expected.train_loss
    assert found.validation_accuracy == expected.validation_accuracy
    assert all(torch.equal(found.weights[name], value) for name, value in expected.weights.items())
    assert not any(value.is_cuda for value in found.weights.values())


def test_a_step_of_advgan(standard, few):
    recipe = AdvGANRecipe(epochs=1, batch_size=4)

    def learn(device, *inputs):
        *_, (perturber, share) = train_perturber(recipe, standard[device], *inputs)
        return [share, *[value.cpu() for value in perturber.state_dict().values()]]

    found, expected = both(learn, *few)
    assert found[0] == expected[0]
    assert all(map(torch.equal, found[1:], expected[1:]))


def test_the_game(mnist_test):
    """Every third step has the penalty's second derivative."""

    def play(device):
        game = Game(GanRecipe(batch_size=8, penalty_every=3), 0, torch.device(device))
        batch = [part[:8].to(device) for part in mnist_test]
        turns = [game.step(*batch, who=who) for who in ("both", "discriminator", "generator", "both")]
        drawn = generate(freeze(game.generator), torch.arange(10, device=device), seed=1)
        return turns, drawn.cpu()

    (turns, drawn), (expected_turns, expected) = play("cuda"), play("cpu")
    assert turns == expected_turns
    assert torch.equal(drawn, expected)


def test_a_search_among_a_generators_digits(standard):
    def search(device):
        torch.manual_seed(0)
        generator = freeze(Generator()).to(device)
        digits = torch.tensor([3], device=device)
        start = torch.ones(1, LATENT, device=device)
        steps = search_latents(lambda latents: generator(latents, digits), standard[device], 3, start)
        return next(steps).probabilities.tolist(), next(steps).probabilities.tolist()

    assert search("cuda") == search("cpu")


@pytest.mark.slow
def test_resuming_a_training_of_the_gan(tmp_path, few, monkeypatch):
    """Two epochs in one go are one and another, on either device; but not one on each."""
    monkeypatch.setattr("advdemo.training.pair.load_mnist", lambda *_: few)
    monkeypatch.setattr("advdemo.training.gan.CALIBRATION", 500)
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"

    def stop(line: str) -> None:
        if line.startswith("epoch 1/2"):
            raise KeyboardInterrupt

    train_pair(whole, GAME)
    train_pair(parts, GAME, say=stop)
    with pytest.raises(ValueError, match="a training with device cuda, not cpu: go on with that, or delete it"):
        train_pair(parts, GAME, device=torch.device("cpu"))
    train_pair(parts, GAME)
    (first, _), (second, _) = load_checkpoint(whole, "cpu"), load_checkpoint(parts, "cpu")
    assert all(map(torch.equal, first.state_dict().values(), second.state_dict().values()))


class Scaled(nn.Module):
    """Its constant is no buffer: it stays where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.scale = nn.Linear(784, 10), torch.full((784,), 0.5)

    def forward(self, images):
        return self.layer(images.flatten(1) * self.scale)


def test_a_guest_that_does_not_move_is_told_so():
    assert adopt(Scaled(), "it").network.layer.weight.device.type == "cpu"
    with pytest.raises(
        ValueError, match=r"^it fails on pixels .* works on the CPU but not on cuda: make its constants"
    ):
        adopt(Scaled(), "it", "cuda")
    moved = adopt(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), "it", "cuda")
    assert next(moved.parameters()).is_cuda
