import copy

import pytest
import torch
from PIL import Image
from torch import nn

from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.discriminator import Discriminator, realness
from advdemo.networks.generator import Generator, generate
from advdemo.training.gan import Game, GanEpoch, GanRecipe, train_gan
from advdemo.training.pair import save_pair
from tests.conftest import ROOT

CPU = torch.device("cpu")
SMALL = GanRecipe(epochs=2, batch_size=32)
DIGITS = torch.arange(10)

pytestmark = pytest.mark.usefixtures("calibrated_briefly")


@pytest.fixture(scope="module")
def shipped() -> Generator:
    return load_checkpoint(ROOT / "checkpoints" / "generator.safetensors", CPU)[0]


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def same(before: list[torch.Tensor], network: nn.Module) -> bool:
    return all(torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))


@pytest.mark.parametrize("who", ["both", "generator", "discriminator"])
def test_who_learns_changes_only_whose_weights(who, mnist_test):
    game = Game(SMALL, 0, CPU)
    forger, detective = weights(game.generator), weights(game.discriminator)
    game.step(mnist_test[0][:32], mnist_test[1][:32], who=who)
    assert same(forger, game.generator) == (who == "discriminator")
    assert same(detective, game.discriminator) == (who == "generator")


def test_a_detective_that_learns_alone_tells_them_apart(mnist_test):
    game = Game(SMALL, 0, CPU)
    for start in range(0, 640, 32):
        turn = game.step(mnist_test[0][start : start + 32], mnist_test[1][start : start + 32], who="discriminator")
    assert turn.real > 0.8
    assert turn.fake < 0.2


def test_a_forger_that_learns_alone_is_believed(mnist_test):
    game = Game(SMALL, 0, CPU)
    believed = {}
    for who in ("discriminator", "generator"):
        for start in range(0, 640, 32):
            turn = game.step(mnist_test[0][start : start + 32], mnist_test[1][start : start + 32], who=who)
        believed[who] = turn.fake
    assert believed["generator"] > believed["discriminator"] + 0.3


def test_a_seed_gives_the_same_pair_again(mnist_test):
    def trained(seed):
        events = list(train_gan(SMALL, mnist_test[0][:96], mnist_test[1][:96], seed=seed, device=CPU))
        epochs = [event for _, event in events if isinstance(event, GanEpoch)]
        assert len(events) == 2 * 3 + 2
        assert [epoch.epoch for epoch in epochs] == [1, 2]
        return weights(events[-1][0].kept_generator())

    once, again, other = trained(0), trained(0), trained(1)
    assert all(map(torch.equal, once, again))
    assert not all(map(torch.equal, once, other))


def test_the_kept_generator_is_the_mean_and_leaves_the_game_alone(mnist_test):
    game = Game(SMALL, 0, CPU)
    for _ in range(3):
        game.step(mnist_test[0][:32], mnist_test[1][:32])
    before = copy.deepcopy(game.averaged.state_dict())
    kept = game.kept_generator()
    assert same(weights(game.averaged), kept)
    assert not same(weights(game.generator), kept)
    assert all(torch.equal(value, game.averaged.state_dict()[name]) for name, value in before.items())
    assert not kept.training


def test_half_the_bytes_change_no_pixel_visibly(tmp_path, mnist_test, shipped):
    game = Game(SMALL, 0, CPU)
    game.step(mnist_test[0][:32], mnist_test[1][:32])
    save_pair(tmp_path / "pair.safetensors", game, {"seed": 0})
    loaded, record = load_checkpoint(tmp_path / "pair.safetensors", CPU)
    detective, _ = load_checkpoint(tmp_path / "discriminator.safetensors", CPU)
    assert record == {"seed": 0, "kind": "generator"}
    assert (generate(loaded, DIGITS) - generate(game.kept_generator(), DIGITS)).abs().max() <= 0.002
    assert isinstance(detective, Discriminator)
    torch.testing.assert_close(
        realness(detective, *(part[:8] for part in mnist_test)),
        realness(game.discriminator, *(part[:8] for part in mnist_test)),
        atol=2e-3,
        rtol=0,
    )
    with Image.open(tmp_path / "pair.png") as sheet:
        assert sheet.size == (560, 560)


def test_only_the_two_can_learn(mnist_test):
    with pytest.raises(ValueError, match="who must be one of both, generator, discriminator, got 'detective'"):
        Game(SMALL, 0, CPU).step(mnist_test[0][:32], mnist_test[1][:32], who="detective")
