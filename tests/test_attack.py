import warnings

import numpy as np
import pytest
import torch
from torch import nn

from advdemo.attack import fgsm, gradient_sign, perturb

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what ART says on import is not ours
    from art.attacks.evasion import FastGradientMethod
    from art.estimators.classification import PyTorchClassifier

EPSILONS = (0.01, 0.1, 0.25, 0.5)
ONE = torch.tensor([1])


class TwoPixels(nn.Module):
    """Logit 0 is pixel (0, 0), logit 1 is pixel (0, 1), the others are far below: raising the loss of class 1 takes
    more of the first pixel and less of the second, and no other pixel matters."""

    def forward(self, images):
        first, second = images[:, 0, 0, 0], images[:, 0, 0, 1]
        return torch.stack([first, second] + [first * 0 - 100] * 8, dim=1)


class Blind(nn.Module):
    """The same logits for any image."""

    def forward(self, images):
        return images.flatten(1)[:, :10] * 0


@pytest.fixture
def image():
    """One image: pixels (0, 0) and (0, 1) at 0.4 and 0.7, the rest at 0.5."""
    image = torch.full((1, 1, 28, 28), 0.5)
    image[0, 0, 0, :2] = torch.tensor([0.4, 0.7])
    return image


def art_fgsm(model, images, labels, epsilon, targeted=False) -> np.ndarray:
    classifier = PyTorchClassifier(
        model, loss=nn.CrossEntropyLoss(), input_shape=(1, 28, 28), nb_classes=10, clip_values=(0, 1), device_type="cpu"
    )
    attack = FastGradientMethod(classifier, eps=epsilon, targeted=targeted, batch_size=len(images))
    return attack.generate(images.numpy(), np.eye(10, dtype=np.float32)[labels])


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


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_equals_art(lenet, mnist_test, epsilon):
    images, labels = mnist_test[0][:1000], mnist_test[1][:1000]
    np.testing.assert_array_equal(fgsm(lenet, images, labels, epsilon), art_fgsm(lenet, images, labels, epsilon))


@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_targeted_equals_art(lenet, mnist_test, epsilon):
    images, targets = mnist_test[0][:1000], (mnist_test[1][:1000] + 1) % 10
    ours = fgsm(lenet, images, targets, epsilon, targeted=True)
    np.testing.assert_array_equal(ours, art_fgsm(lenet, images, targets, epsilon, targeted=True))


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


WRONG_IMAGES = {
    "no batch": torch.zeros(1, 28, 28),
    "colour": torch.zeros(1, 3, 28, 28),
    "too small": torch.zeros(1, 1, 27, 28),
    "empty": torch.zeros(0, 1, 28, 28),
    "bytes": torch.zeros(1, 1, 28, 28, dtype=torch.uint8),
    "double": torch.zeros(1, 1, 28, 28, dtype=torch.float64),
    "not a tensor": np.zeros((1, 1, 28, 28), dtype=np.float32),
    "above 1": torch.full((1, 1, 28, 28), 255.0),
    "below 0": torch.full((1, 1, 28, 28), -0.1),
    "NaN": torch.full((1, 1, 28, 28), torch.nan),
}


@pytest.mark.parametrize("images", WRONG_IMAGES.values(), ids=WRONG_IMAGES)
def test_wrong_images(images):
    with pytest.raises(ValueError, match="^(images|pixels) must"):
        fgsm(TwoPixels(), images, ONE, 0.1)


WRONG_LABELS = {
    "ten": torch.tensor([10]),
    "negative": torch.tensor([-1]),
    "too many": torch.tensor([1, 1]),
    "none": torch.tensor([], dtype=torch.int64),
    "a number": torch.tensor(1),
    "one-hot": torch.eye(10)[:1],
    "float": torch.tensor([1.0]),
    "not a tensor": [1],
}


@pytest.mark.parametrize("labels", WRONG_LABELS.values(), ids=WRONG_LABELS)
def test_wrong_labels(image, labels):
    with pytest.raises(ValueError, match="^labels must"):
        fgsm(TwoPixels(), image, labels, 0.1)
