import numpy as np
import pytest
import torch
from torch import nn

from advdemo.attacks import fgsm, gradient_sign, perturb
from advdemo.networks.checkpoint import load_checkpoint
from tests.by_hand import ONE, WRONG_IMAGES, WRONG_LABELS, Blind, TwoPixels
from tests.conftest import CHECKPOINT
from tests.toolkits import art_fgsm

EPSILONS = (0.01, 0.1, 0.25, 0.5)


# By hand


def test_sign_by_hand(image):
    sign = gradient_sign(TwoPixels(), image, ONE)
    assert sign[0, 0, 0, :2].tolist() == [1, -1]
    assert sign.abs().sum() == 2


def test_targeted_goes_the_other_way(image):
    assert torch.equal(gradient_sign(TwoPixels(), image, ONE, targeted=True), -gradient_sign(TwoPixels(), image, ONE))


def test_fgsm_by_hand(image):
    attacked = fgsm(TwoPixels(), image, ONE, 0.2)
    assert attacked[0, 0, 0, :3].tolist() == pytest.approx([0.6, 0.5, 0.5])
    assert TwoPixels()(image).argmax() == 1
    assert TwoPixels()(attacked).argmax() == 0


def test_pixels_are_clipped(image):
    attacked = fgsm(TwoPixels(), image, ONE, 0.8)
    assert attacked[0, 0, 0, :3].tolist() == [1.0, 0.0, 0.5]


def test_zero_gradient_changes_nothing(image):
    assert gradient_sign(Blind(), image, ONE).count_nonzero() == 0
    assert torch.equal(fgsm(Blind(), image, ONE, 0.5), image)


def test_an_epsilon_for_each_image(image):
    epsilon = torch.tensor([0.0, 0.1, 0.2]).view(3, 1, 1, 1)
    attacked = fgsm(TwoPixels(), image.repeat(3, 1, 1, 1), ONE.repeat(3), epsilon)
    assert attacked[:, 0, 0, 0].tolist() == pytest.approx([0.4, 0.5, 0.6])
    assert attacked[:, 0, 0, 1].tolist() == pytest.approx([0.7, 0.6, 0.5])


# On real digits


def lost_in_rounding(images, labels) -> np.ndarray:
    """Where the gradient is so near zero that the order of float32 sums, which differs between processors, decides its
    sign: a quarter of a percent of these pixels."""
    network = load_checkpoint(CHECKPOINT, "cpu")[0].double()
    images = images.double().requires_grad_()
    loss = nn.functional.cross_entropy(network(images), labels, reduction="sum")
    size = torch.autograd.grad(loss, images)[0].abs()
    return (size < 1e-4 * size.amax(dim=(1, 2, 3), keepdim=True)).numpy()


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_equals_art(lenet, mnist_test, epsilon):
    images, labels = mnist_test[0][:1000], mnist_test[1][:1000]
    ours, theirs = fgsm(lenet, images, labels, epsilon).numpy(), art_fgsm(lenet, images, labels, epsilon)
    differ = ours != theirs
    assert differ.sum() <= 5
    assert not (differ & ~lost_in_rounding(images, labels)).any()


@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_targeted_equals_art(lenet, mnist_test, epsilon):
    images, targets = mnist_test[0][:1000], (mnist_test[1][:1000] + 1) % 10
    ours = fgsm(lenet, images, targets, epsilon, targeted=True).numpy()
    differ = ours != art_fgsm(lenet, images, targets, epsilon, targeted=True)
    assert differ.sum() <= 5
    assert not (differ & ~lost_in_rounding(images, targets)).any()


def test_epsilon_zero_is_the_identity(lenet, mnist_test):
    images, labels = mnist_test[0][:100], mnist_test[1][:100]
    assert torch.equal(fgsm(lenet, images, labels, 0.0), images)


@pytest.mark.parametrize("epsilon", [*EPSILONS, 1.0, 1])
def test_stays_within_epsilon_and_the_pixel_range(lenet, mnist_test, epsilon):
    images, labels = mnist_test[0][:500], mnist_test[1][:500]
    attacked = fgsm(lenet, images, labels, epsilon)
    assert (attacked - images).abs().max() <= epsilon + 1e-6
    assert (attacked - images).abs().max() > 0.9 * epsilon
    assert attacked.min() >= 0
    assert attacked.max() <= 1
    assert attacked.dtype == torch.float32
    assert not attacked.requires_grad


def test_a_batch_gives_what_its_images_give_one_by_one(lenet, mnist_test):
    images, labels = mnist_test[0][:64], mnist_test[1][:64]
    one_by_one = [fgsm(lenet, images[i : i + 1], labels[i : i + 1], 0.1) for i in range(64)]
    different = (fgsm(lenet, images, labels, 0.1) - torch.cat(one_by_one)).abs() > 1e-6
    assert different.sum() <= 5  # of 50,176: where a gradient is almost zero, rounding may decide its sign


def test_leaves_its_arguments_alone(lenet, mnist_test):
    images, labels = mnist_test[0][:10].clone(), mnist_test[1][:10].clone()
    weights = {name: value.clone() for name, value in lenet.state_dict().items()}
    fgsm(lenet, images, labels, 0.3)
    assert torch.equal(images, mnist_test[0][:10])
    assert torch.equal(labels, mnist_test[1][:10])
    assert not images.requires_grad
    assert all(torch.equal(value, weights[name]) for name, value in lenet.state_dict().items())
    assert all(parameter.grad is None for parameter in lenet.parameters())


def test_trainable_parameters_get_no_gradients(mnist_test):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    fgsm(model, mnist_test[0][:10], mnist_test[1][:10], 0.3)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_works_where_gradients_are_off(lenet, mnist_test):
    images, labels = mnist_test[0][:10], mnist_test[1][:10]
    with torch.no_grad():
        sign = gradient_sign(lenet, images, labels)
    assert torch.equal(sign, gradient_sign(lenet, images, labels))
    assert sign.count_nonzero() > 1000


# Bad input


@pytest.mark.parametrize("epsilon", [-0.1, 1.01, float("nan"), float("inf"), "0.1", None, True])
def test_wrong_epsilon(image, epsilon):
    with pytest.raises(ValueError, match="epsilon must be a number from 0 to 1"):
        fgsm(TwoPixels(), image, ONE, epsilon)
    with pytest.raises(ValueError, match="epsilon must be a number from 0 to 1"):
        perturb(image, image, epsilon)


def test_one_wrong_epsilon_among_many(image):
    with pytest.raises(ValueError, match=r"got 1\.5"):
        perturb(image, image, torch.tensor([0.1, 1.5]).view(2, 1, 1, 1))


@pytest.mark.parametrize("images", WRONG_IMAGES.values(), ids=WRONG_IMAGES)
def test_wrong_images(images):
    with pytest.raises(ValueError, match="^(images|pixels) must"):
        fgsm(TwoPixels(), images, ONE, 0.1)


@pytest.mark.parametrize("labels", WRONG_LABELS.values(), ids=WRONG_LABELS)
def test_wrong_labels(image, labels):
    with pytest.raises(ValueError, match="^labels must"):
        fgsm(TwoPixels(), image, labels, 0.1)
