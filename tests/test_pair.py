"""The training of a pair: put down and taken up again, and what it writes."""

import pytest
import torch

from advdemo.cli import app
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.training.gan import GanRecipe
from advdemo.training.pair import train_pair, unfinished_path
from tests.conftest import ROOT, write_mnist

CPU = torch.device("cpu")
SMALL = GanRecipe(epochs=2, batch_size=32)


@pytest.fixture(scope="module")
def few(tmp_path_factory, mnist_test):
    """A folder with MNIST of 192 training images, six steps of an epoch."""
    return write_mnist(tmp_path_factory.mktemp("few"), *mnist_test, train=192, test=10)


pytestmark = pytest.mark.usefixtures("calibrated_briefly")


class Stop:
    """Ctrl-C in the step after `share` of the training."""

    def __init__(self, share: float) -> None:
        self.share = share

    def __call__(self, done: float) -> None:
        if done > self.share:
            raise KeyboardInterrupt


def test_a_training_goes_on_where_it_was_stopped_as_if_it_had_not_been(tmp_path, few):
    whole, parts = tmp_path / "whole" / "g.safetensors", tmp_path / "parts" / "g.safetensors"
    train_pair(whole, SMALL, data_dir=few, device=CPU)
    train_pair(parts, SMALL, data_dir=few, device=CPU, on_step=Stop(0.6))
    assert load_checkpoint(parts, CPU)[1]["epoch"] == 1
    assert unfinished_path(parts).exists()
    said, shares = [], []
    train_pair(parts, SMALL, data_dir=few, device=CPU, say=said.append, on_step=shares.append)
    assert "after epoch 1 of 2" in said[0]
    assert min(shares) > 0.5  # the first epoch is not played again
    for name in ("g", "discriminator"):
        one, other = (load_checkpoint(path.with_name(f"{name}.safetensors"), CPU)[0] for path in (whole, parts))
        assert all(map(torch.equal, one.parameters(), other.parameters()))
    assert not unfinished_path(parts).exists()


@pytest.mark.parametrize("changed", [{"recipe": GanRecipe(epochs=3, batch_size=32)}, {"seed": 1}])
def test_an_unfinished_training_of_other_settings_is_not_lost(tmp_path, few, changed):
    path = tmp_path / "g.safetensors"
    train_pair(path, SMALL, data_dir=few, device=CPU, on_step=Stop(0.6))
    before = unfinished_path(path).read_bytes()
    with pytest.raises(ValueError, match=r"g.unfinished.safetensors holds a training with (seed|epochs) .*delete it"):
        train_pair(path, **{"recipe": SMALL, "data_dir": few, "device": CPU, **changed})
    assert unfinished_path(path).read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no safetensors at all", "other"])
def test_a_file_that_is_no_unfinished_training(tmp_path, few, content):
    path = tmp_path / "g.safetensors"
    other = (ROOT / "checkpoints" / "lenet.safetensors").read_bytes()
    unfinished_path(path).write_bytes(other if content == "other" else content)
    with pytest.raises(ValueError, match="g.unfinished.safetensors holds no .*delete it"):
        train_pair(path, SMALL, data_dir=few, device=CPU)


def test_train_gan_writes_the_pair(tmp_path, few):
    from typer.testing import CliRunner

    out = tmp_path / "new" / "generator.safetensors"
    options = ["train-gan", "--epochs", "1", "--data-dir", str(few), "--out", str(out)]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    assert "saved epoch 1 of 1" in result.output
    assert sorted(path.name for path in out.parent.iterdir()) == [
        "discriminator.safetensors",
        "generator.png",
        "generator.safetensors",
    ]
