import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from advdemo.cli import app
from advdemo.networks.checkpoint import CLASSIFIERS, load_checkpoint
from advdemo.networks.generator import LATENT, Generator, generate
from advdemo.networks.predict import classify
from advdemo.training.gan import GanRecipe
from tests.bench.gan import frechet_distance, nearest, spread
from tests.conftest import ROOT

CPU = torch.device("cpu")
DIGITS = torch.arange(10)


@pytest.fixture(scope="module")
def shipped() -> Generator:
    return load_checkpoint(ROOT / "checkpoints" / "generator.safetensors", CPU)[0]


@pytest.fixture
def untrained() -> Generator:
    torch.manual_seed(0)
    return Generator().eval()


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


def same(before: list[torch.Tensor], network: nn.Module) -> bool:
    return all(torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))


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
