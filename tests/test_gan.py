import copy
from dataclasses import replace

import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.discriminator import Discriminator, realness
from advdemo.networks.generator import LATENT, Generator, generate
from advdemo.training.gan import Game, GanEpoch, GanRecipe, Turn, train_gan
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


def latents_of(game, count):
    """The next that a game will draw, and their classes."""
    random = torch.Generator()
    random.set_state(game.random.get_state())
    return torch.randn(count, LATENT, generator=random), torch.randint(10, (count,), generator=random)


@pytest.mark.parametrize(("steps", "weight"), [(0, 6.0), (1, 0.0), (4, 6.0)])
def test_the_detective_learns_by_its_loss_and_at_every_fourth_step_by_r1(steps, weight, mnist_test):
    """Half the penalty of 3, for four steps at once."""
    game = Game(replace(SMALL, penalty=3.0, penalty_every=4), 0, CPU)
    game.steps = steps
    (images, digits), (latents, classes) = (part[:8] for part in mnist_test), latents_of(game, 8)
    real, detective = images.clone().requires_grad_(), copy.deepcopy(game.discriminator)
    with torch.no_grad():
        forgeries = copy.deepcopy(game.generator)(latents, classes)
    opinions = detective(real, digits)
    (slope,) = torch.autograd.grad(opinions.sum(), real, create_graph=True)
    loss = F.softplus(-opinions).mean() + F.softplus(detective(forgeries, classes)).mean()
    loss = loss + weight * slope.square().sum((1, 2, 3)).mean()
    expected = torch.autograd.grad(loss, list(detective.parameters()))
    game.step(images, digits, who="discriminator")
    for parameter, gradient in zip(game.discriminator.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


def test_rates_fall_over_the_last_of_a_training(mnist_test, monkeypatch):
    game, batch = Game(replace(SMALL, falling=0.6), 0, CPU), [part[:8] for part in mnist_test]
    for done, share in ((0.0, 1.0), (0.4, 1.0), (0.7, 0.5), (1.0, 0.02)):
        game.step(*batch, done=done)
        for optimizer in (game.forging, game.detecting):
            assert optimizer.param_groups[0]["lr"] == pytest.approx(share * SMALL.learning_rate)
    over = []
    monkeypatch.setattr(Game, "step", lambda *_, done: over.append(done) or Turn(0.5, 0.5))
    list(train_gan(SMALL, *(part[:64] for part in mnist_test), device=CPU))
    assert over == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize(("steps", "kept"), [(0, 2 / 11), (10**6, 0.999)])
def test_the_mean_of_the_forger_keeps_its_share(steps, kept, mnist_test):
    game = Game(SMALL, 0, CPU)
    game.step(*(part[:8] for part in mnist_test))
    game.steps, before = steps, weights(game.averaged)
    game.step(*(part[:8] for part in mnist_test))
    for old, new, mean in zip(before, game.generator.parameters(), game.averaged.parameters(), strict=True):
        torch.testing.assert_close(mean, kept * old + (1 - kept) * new)


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
    random = torch.Generator().manual_seed(0)  # its batch norms are measured on its own digits
    latents, digits = torch.randn(500, LATENT, generator=random), torch.randint(10, (500,), generator=random)
    seen = game.averaged.seed(torch.cat([latents, F.one_hot(digits, 10)], 1)).view(-1, 64, 7, 7)
    torch.testing.assert_close(kept.norm1.norm.running_mean, seen.mean((0, 2, 3)))
    torch.testing.assert_close(kept.norm1.norm.running_var, seen.var((0, 2, 3)))


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
