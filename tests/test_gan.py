import copy

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from advdemo.cli import app
from advdemo.networks.checkpoint import CLASSIFIERS, load_checkpoint
from advdemo.networks.discriminator import Discriminator, realness
from advdemo.networks.generator import LATENT, Generator, generate
from advdemo.networks.predict import classify
from advdemo.training.gan import Game, GanEpoch, GanRecipe, train_gan
from advdemo.training.pair import save_pair, train_pair, unfinished_path
from tests.bench.gan import frechet_distance, nearest, spread
from tests.conftest import ROOT

CPU = torch.device("cpu")
SMALL = GanRecipe(epochs=2, batch_size=32)
DIGITS = torch.arange(10)


@pytest.fixture(scope="module")
def shipped() -> Generator:
    return load_checkpoint(ROOT / "checkpoints" / "generator.safetensors", CPU)[0]


@pytest.fixture
def untrained() -> Generator:
    torch.manual_seed(0)
    return Generator().eval()


# The generator


def test_digits_to_order_are_pixels_and_the_seed_decides_them(untrained):
    drawn = generate(untrained, DIGITS.repeat(60), seed=1)
    assert drawn.shape == (600, 1, 28, 28)
    assert drawn.dtype == torch.float32
    assert 0 <= drawn.min() < drawn.max() <= 1
    assert torch.equal(drawn, generate(untrained, DIGITS.repeat(60), seed=1))
    assert not torch.equal(drawn, generate(untrained, DIGITS.repeat(60), seed=2))


def test_latents_and_classes_both_matter(untrained):
    latent = torch.randn(1, LATENT)
    same = generate(untrained, torch.tensor([3]), latent=latent, seed=5)
    assert torch.equal(same, generate(untrained, torch.tensor([3]), latent=latent, seed=6))
    assert not torch.equal(same, generate(untrained, torch.tensor([4]), latent=latent))
    assert not torch.equal(same, generate(untrained, torch.tensor([3]), latent=latent + 1))


@pytest.mark.parametrize(
    ("digits", "latent", "message"),
    [
        (torch.tensor([10]), None, r"digits must be in 0\.\.9, got 10"),
        (torch.tensor([-1, 3]), None, r"got -1"),
        (torch.tensor([1.0]), None, "digits must be an int64 tensor"),
        (torch.tensor([], dtype=torch.int64), None, "N of at least 1"),
        ([3], None, "got list"),
        (torch.tensor([3]), torch.zeros(2, LATENT), r"latent must be finite float32 \(1, 64\)"),
        (torch.tensor([3]), torch.full((1, LATENT), torch.nan), "latent must be finite"),
    ],
)
def test_wrong_orders(untrained, digits, latent, message):
    with pytest.raises(ValueError, match=message):
        generate(untrained, digits, latent=latent)


def test_the_shipped_one_draws_what_is_asked(shipped, lenet):
    digits = DIGITS.repeat(100)
    drawn = generate(shipped, digits)
    assert (classify(lenet, drawn) == digits).float().mean() >= 0.985
    assert min(spread(drawn[digits == digit]) for digit in range(10)) > 2  # no class is one digit over and over


def test_the_shipped_pair_is_small_and_says_where_it_comes_from():
    files = [ROOT / "checkpoints" / f"{name}.safetensors" for name in ("generator", "discriminator")]
    assert sum(path.stat().st_size for path in files) <= 1_500_000
    for path in files:
        network, record = load_checkpoint(path, CPU)
        assert record["epoch"] == GanRecipe().epochs
        assert type(network).__name__.lower() == record["kind"] == path.stem


def test_a_generator_is_no_classifier():
    with pytest.raises(ValueError, match="generator.safetensors holds a 'generator', not a LeNet"):
        load_checkpoint(ROOT / "checkpoints" / "generator.safetensors", CPU, CLASSIFIERS)


# The game


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


# Put down and taken up again


@pytest.fixture
def calibrated_briefly(monkeypatch):
    monkeypatch.setattr("advdemo.training.gan.CALIBRATION", 500)


class Stop:
    """Ctrl-C in the step after `share` of the training."""

    def __init__(self, share: float) -> None:
        self.share = share

    def __call__(self, done: float) -> None:
        if done > self.share:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("calibrated_briefly")
def test_a_training_goes_on_where_it_was_stopped_as_if_it_had_not_been(tmp_path, small_mnist):
    whole, parts = tmp_path / "whole" / "g.safetensors", tmp_path / "parts" / "g.safetensors"
    train_pair(whole, SMALL, data_dir=small_mnist, device=CPU)
    train_pair(parts, SMALL, data_dir=small_mnist, device=CPU, on_step=Stop(0.6))
    assert load_checkpoint(parts, CPU)[1]["epoch"] == 1
    assert unfinished_path(parts).exists()
    said, shares = [], []
    train_pair(parts, SMALL, data_dir=small_mnist, device=CPU, say=said.append, on_step=shares.append)
    assert "after epoch 1 of 2" in said[0]
    assert min(shares) > 0.5  # the first epoch is not played again
    for name in ("g", "discriminator"):
        one, other = (load_checkpoint(path.with_name(f"{name}.safetensors"), CPU)[0] for path in (whole, parts))
        assert same(weights(one), other)
    assert not unfinished_path(parts).exists()


@pytest.mark.usefixtures("calibrated_briefly")
@pytest.mark.parametrize("changed", [{"recipe": GanRecipe(epochs=3, batch_size=32)}, {"seed": 1}])
def test_an_unfinished_training_of_other_settings_is_not_lost(tmp_path, small_mnist, changed):
    path = tmp_path / "g.safetensors"
    train_pair(path, SMALL, data_dir=small_mnist, device=CPU, on_step=Stop(0.6))
    before = unfinished_path(path).read_bytes()
    with pytest.raises(ValueError, match=r"g.unfinished.safetensors holds a training with (seed|epochs) .*delete it"):
        train_pair(path, **{"recipe": SMALL, "data_dir": small_mnist, "device": CPU, **changed})
    assert unfinished_path(path).read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no safetensors at all", "other"])
def test_a_file_that_is_no_unfinished_training(tmp_path, small_mnist, content):
    path = tmp_path / "g.safetensors"
    other = (ROOT / "checkpoints" / "lenet.safetensors").read_bytes()
    unfinished_path(path).write_bytes(other if content == "other" else content)
    with pytest.raises(ValueError, match="g.unfinished.safetensors holds no .*delete it"):
        train_pair(path, SMALL, data_dir=small_mnist, device=CPU)


# The measures


def test_frechet_distance_by_hand():
    points = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0)).double()
    assert frechet_distance(points, points) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(points, points + torch.tensor([3.0, 0, 4.0])) == pytest.approx(25, abs=0.01)
    assert frechet_distance(points, 2 * points) == pytest.approx(3, abs=0.1)  # (2 - 1)^2 for each of three


def test_spread_and_nearest_by_hand():
    images = torch.zeros(3, 1, 28, 28)
    assert spread(images) == 0
    images[0, 0, 0, 0] = 1.0
    assert spread(images) == pytest.approx((2 / 3 + 1 / 3 + 1 / 3) / 3)
    assert nearest(images[1:], images).tolist() == pytest.approx([0, 0], abs=1e-3)
    assert nearest(images[:1], images[1:]).item() == pytest.approx(1.0)


# The command line


def test_generate_writes_a_sheet(tmp_path, shipped):
    from typer.testing import CliRunner

    out = tmp_path / "sheet.png"
    result = CliRunner().invoke(app, ["generate", "--digit", "3", "--count", "12", "--out", str(out)])
    assert result.exit_code == 0, result.output
    with Image.open(out) as picture:
        sheet = np.asarray(picture)[::2, ::2]
    assert sheet.shape == (56, 280)
    first = generate(shipped, torch.full((12,), 3))[0, 0]
    assert np.array_equal(sheet[:28, :28], (first * 255).round().byte().numpy())
    assert not sheet[28:, 56:].any()


def test_train_gan_writes_the_pair(tmp_path, small_mnist):
    from typer.testing import CliRunner

    out = tmp_path / "new" / "generator.safetensors"
    options = ["train-gan", "--epochs", "1", "--data-dir", str(small_mnist), "--out", str(out)]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    assert "saved epoch 1 of 1" in result.output
    assert sorted(path.name for path in out.parent.iterdir()) == [
        "discriminator.safetensors",
        "generator.png",
        "generator.safetensors",
    ]
