import numpy as np
import pytest
import torch
from torch import nn

from advdemo.attacks import PGD, fgsm, pgd
from advdemo.measures.scan import EPSILONS, scan
from advdemo.networks.predict import classify, predict
from tests.by_hand import Blind, TwoPixels

DIGITS = [0, 1, 2, 3, 4, 7, 18, 115]  # test images that the network gets right


@pytest.fixture
def two_pixels():
    """Pixel (0, 0) at 0.4 and (0, 1) at 0.7, the rest at 0: FGSM makes them meet at epsilon 0.15."""
    image = torch.zeros(1, 28, 28)
    image[0, 0, :2] = torch.tensor([0.4, 0.7])
    return image


def predict_at(model, image, label, epsilon, **options) -> int:
    attacked = fgsm(model, image.unsqueeze(0), torch.tensor([label]), epsilon, **options)
    return int(classify(model, attacked))


def test_the_grid_is_the_sliders():
    assert len(EPSILONS) == 101
    assert EPSILONS[:3] == (0.0, 0.005, 0.01)
    assert EPSILONS[-1] == 0.5


@pytest.mark.parametrize("index", DIGITS[:3])
def test_every_frame_is_fgsm_at_that_epsilon(lenet, mnist_test, index):
    image, label = mnist_test[0][index], int(mnist_test[1][index])
    result = scan(lenet, image, label)
    assert result.epsilons.tolist() == list(EPSILONS)
    for epsilon, frame, probabilities in zip(result.epsilons, result.images, result.probabilities, strict=True):
        attacked = fgsm(lenet, image.unsqueeze(0), torch.tensor([label]), float(epsilon))
        assert np.array_equal(frame, (attacked[0, 0] * 255).round().byte())
        np.testing.assert_allclose(probabilities, predict(lenet, attacked)[0], rtol=1e-4, atol=1e-6)


def test_every_frame_of_pgd_is_pgd_at_that_epsilon(lenet, mnist_test):
    image, label = mnist_test[0][:1], mnist_test[1][:1]
    result = scan(lenet, image, int(label), attack=PGD(steps=10))
    assert result.sign is None
    assert np.array_equal(result.images[0], (image[0, 0] * 255).round().byte())
    for step in (10, 40, 100):
        attacked = pgd(lenet, image, label, EPSILONS[step], steps=10)
        np.testing.assert_allclose(result.images[step], attacked[0, 0] * 255, atol=0.51)
        np.testing.assert_allclose(result.probabilities[step], predict(lenet, attacked)[0], rtol=1e-2, atol=1e-4)
    alone = scan(lenet, image, int(label), attack=PGD(steps=10), epsilons=[result.flip_epsilon])
    assert alone.probabilities[0].argmax() != label
    assert result.flip_epsilon < scan(lenet, image, int(label)).flip_epsilon


def test_noise_is_one_sign_for_every_epsilon(lenet, mnist_test):
    result = scan(lenet, mnist_test[0][0], 7, attack="noise")
    assert set(np.unique(result.sign)) == {-1, 1}
    moved = np.clip(result.images[0] / 255 + 0.2 * result.sign, 0, 1) * 255
    np.testing.assert_allclose(result.images[40], moved, atol=0.51)
    assert np.array_equal(scan(lenet, mnist_test[0][0], 7, attack="noise").sign, result.sign)
    assert not np.array_equal(scan(lenet, mnist_test[0][0], 7, attack="noise", seed=1).sign, result.sign)


def test_shapes_and_types(lenet, mnist_test):
    result = scan(lenet, mnist_test[0][:1], 7, epsilons=[0.1, 0.2])
    assert (result.images.shape, result.images.dtype) == ((2, 28, 28), np.uint8)
    assert (result.probabilities.shape, result.probabilities.dtype) == ((2, 10), np.float32)
    assert (result.sign.shape, result.sign.dtype) == ((28, 28), np.int8)
    assert set(np.unique(result.sign)) <= {-1, 0, 1}
    assert result.label == 7


def test_flip_epsilon_is_where_it_flips(lenet, mnist_test):
    flipped = 0
    for index in DIGITS:
        image, label = mnist_test[0][index], int(mnist_test[1][index])
        result = scan(lenet, image, label)
        fooled = result.probabilities.argmax(1) != label
        if result.flip_epsilon is None:
            assert not fooled.any()
            continue
        flipped += 1
        assert predict_at(lenet, image, label, result.flip_epsilon) != label
        assert predict_at(lenet, image, label, result.flip_epsilon - 1e-4) == label
        assert 0 <= result.epsilons[fooled].min() - result.flip_epsilon < 0.005
    assert flipped >= len(DIGITS) / 2


def test_targeted_flip_is_where_the_target_is_reached(lenet, mnist_test):
    reached = 0
    for target in (0, 2, 3, 5, 8, 9):
        result = scan(lenet, mnist_test[0][0], target, targeted=True)
        if result.flip_epsilon is None:
            assert (result.probabilities.argmax(1) != target).all()
            continue
        reached += 1
        assert predict_at(lenet, mnist_test[0][0], target, result.flip_epsilon, targeted=True) == target
        assert predict_at(lenet, mnist_test[0][0], target, result.flip_epsilon - 1e-4, targeted=True) != target
    assert reached >= 1


def test_flip_by_hand(two_pixels):
    result = scan(TwoPixels(), two_pixels, 1)
    assert result.flip_epsilon == pytest.approx(0.15, abs=1.01e-4)
    assert result.images[-1, 0, :3].tolist() == [230, 51, 0]
    assert result.sign[0, :3].tolist() == [1, -1, 0]


@pytest.mark.parametrize("attack", ["fgsm", "pgd", "noise"])
def test_a_target_already_predicted_is_refused(two_pixels, attack):
    with pytest.raises(ValueError, match="already reads the image as 1"):
        scan(TwoPixels(), two_pixels, 1, targeted=True, attack=attack)


def test_already_wrong(lenet, mnist_test):
    images, labels = mnist_test
    wrong = int((classify(lenet, images[:2000]) != labels[:2000]).nonzero()[0])
    assert scan(lenet, images[wrong], int(labels[wrong])).flip_epsilon == 0.0


def test_zero_gradient(two_pixels):
    result = scan(Blind(), two_pixels, 0)
    assert result.flip_epsilon is None
    assert not result.sign.any()
    assert (result.images == result.images[0]).all()


def test_no_flip_within_the_grid(two_pixels):
    result = scan(TwoPixels(), two_pixels, 1, epsilons=[0.0, 0.05, 0.1])
    assert result.flip_epsilon is None
    assert result.sign.any()


def test_a_grid_that_starts_beyond_the_flip(two_pixels):
    assert scan(TwoPixels(), two_pixels, 1, epsilons=[0.3, 0.4]).flip_epsilon == 0.3


class Window(nn.Module):
    """Reads 1, but 0 while pixel (0, 0) is between 0.31 and 0.33: the prediction flips and comes back."""

    def forward(self, images):
        pixel = images[:, 0, 0, 0]
        inside = 1 - (pixel - 0.32).abs() / 0.01
        return torch.stack([inside, inside * 0] + [inside * 0 - 100] * 8, dim=1)


def test_the_first_flip_counts_when_the_prediction_comes_back():
    image = torch.zeros(1, 28, 28)
    image[0, 0, 0] = 0.25
    result = scan(Window(), image, 1)
    assert result.flip_epsilon == pytest.approx(0.06, abs=1.01e-4)
    assert result.probabilities[-1].argmax() == 1


WRONG = {
    "two images": ((torch.zeros(2, 1, 28, 28), 3), {}, "one image"),
    "no channel": ((torch.zeros(28, 28), 3), {}, "images must be"),
    "not a tensor": ((np.zeros((1, 28, 28)), 3), {}, "images must be"),
    "NaN": ((torch.full((1, 28, 28), torch.nan), 3), {}, "pixels must be"),
    "label 10": ((torch.zeros(1, 28, 28), 10), {}, r"labels must be in 0\.\.9, got 10"),
    "label -1": ((torch.zeros(1, 28, 28), -1), {}, r"labels must be in 0\.\.9, got -1"),
    "no label": ((torch.zeros(1, 28, 28), None), {}, "label must be an integer"),
    "a label as text": ((torch.zeros(1, 28, 28), "3"), {}, "label must be an integer"),
    "true": ((torch.zeros(1, 28, 28), True), {}, "label must be an integer"),
    "no epsilon": ((torch.zeros(1, 28, 28), 3), {"epsilons": []}, "list of different"),
    "descending": ((torch.zeros(1, 28, 28), 3), {"epsilons": [0.2, 0.1]}, "ascending list"),
    "twice the same": ((torch.zeros(1, 28, 28), 3), {"epsilons": [0.1, 0.1]}, "list of different"),
    "epsilon 2": ((torch.zeros(1, 28, 28), 3), {"epsilons": [0.1, 2]}, r"from 0 to 1 .*got 2"),
    "epsilon NaN": ((torch.zeros(1, 28, 28), 3), {"epsilons": [0.1, float("nan")]}, "got nan"),
}


@pytest.mark.parametrize(("arguments", "options", "message"), WRONG.values(), ids=WRONG)
def test_wrong_arguments(lenet, arguments, options, message):
    with pytest.raises(ValueError, match=message):
        scan(lenet, *arguments, **options)
