from dataclasses import replace

import pytest
import torch

from advdemo.attacks import AdvGAN, advgan, find_attack
from advdemo.attacks.advgan import direction, load_perturber
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import save_checkpoint
from advdemo.networks.perturber import Perturber
from advdemo.networks.predict import accuracy
from advdemo.training.advgan import AdvGANRecipe, train_advgan, train_perturber
from tests.conftest import CHECKPOINT

SMALL = AdvGANRecipe(epochs=1, batch_size=50)


class NoGradient(torch.autograd.Function):
    @staticmethod
    def forward(context, logits):
        return logits.clone()

    @staticmethod
    def backward(context, gradient):
        raise AssertionError("the attack asked for a gradient")


def test_it_stays_within_epsilon_and_the_pixel_range(mnist_test):
    images = mnist_test[0][:50]
    for epsilon in (0.0, 0.1, 0.5):
        attacked = advgan(images, epsilon)
        assert (attacked - images).abs().max() <= epsilon + 1e-6
        assert attacked.min() >= 0
        assert attacked.max() <= 1
    assert set(direction(images, load_perturber(AdvGAN().perturber)).unique().tolist()) == {-1.0, 1.0}


def test_it_fools_the_network_that_it_was_trained_against(lenet, mnist_test):
    images, labels = mnist_test[0][:500], mnist_test[1][:500]
    assert accuracy(lenet, advgan(images, 0.3), labels) < 0.1
    assert accuracy(lenet, advgan(images, 0.0), labels) > 0.98


def test_it_asks_the_network_for_no_gradient(lenet, mnist_test):
    def answers_only(images):
        return NoGradient.apply(lenet(images))

    image, label = mnist_test[0][0], int(mnist_test[1][0])
    result = scan(answers_only, image, label, attack="advgan")
    assert abs(result.sign).min() == 1
    shown = sweep(lenet, mnist_test[0][:100], mnist_test[1][:100], [0.0, 0.3], attack="advgan")
    expected = accuracy(lenet, advgan(mnist_test[0][:100], 0.3), mnist_test[1][:100])
    assert shown.accuracies[1] == pytest.approx(expected, abs=1e-9)


@pytest.mark.slow
def test_training_is_decided_by_the_seed_and_lowers_accuracy(lenet, mnist_test):
    images, labels = mnist_test[0][:1500], mnist_test[1][:1500]

    def trained(seed, count):
        *_, (perturber, _) = train_perturber(replace(SMALL, epochs=2), lenet, images[:count], labels[:count], seed=seed)
        return perturber

    one, again, other = (trained(seed, 200).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(value, again[name]) for name, value in one.items())
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])
    perturber = trained(0, 1500)
    with torch.no_grad():
        sign = torch.where(perturber(images) >= 0, 1.0, -1.0)
    assert accuracy(lenet, (images + 0.3 * sign).clamp(0, 1), labels) < 0.8


def test_a_checkpoint_of_ones_own(lenet, small_mnist, mnist_test, tmp_path):
    path = tmp_path / "mine.safetensors"
    said = []
    train_advgan(path, SMALL, lenet, "lenet", data_dir=small_mnist, say=said.append)
    assert "saved" in said[-1]
    _, settings = find_attack(AdvGAN(path))
    images = mnist_test[0][:5]
    sign = settings.prepare(lenet, images, mnist_test[1][:5]).sign
    assert torch.equal(sign, direction(images, load_perturber(path)))
    assert not torch.equal(sign, direction(images, load_perturber(AdvGAN().perturber)))


def test_odd_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="train-advgan"):
        load_perturber(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match="holds no AdvGAN"):
        load_perturber(CHECKPOINT)
    (tmp_path / "text.safetensors").write_text("not one")
    with pytest.raises(ValueError, match="holds no AdvGAN"):
        load_perturber(tmp_path / "text.safetensors")
    save_checkpoint(Perturber(), tmp_path / "kind.safetensors", {"kind": "generator"})
    with pytest.raises(ValueError, match="holds no AdvGAN"):
        load_perturber(tmp_path / "kind.safetensors")


def test_odd_input_is_refused(mnist_test):
    with pytest.raises(ValueError, match="epsilon"):
        advgan(mnist_test[0][:1], 1.5)
    with pytest.raises(ValueError, match="images"):
        advgan(mnist_test[0][:0], 0.1)
