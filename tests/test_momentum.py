import pytest
import torch
from torch.nn import functional as F
from torchattacks import MIFGSM

from advdemo.attacks import DIM, Momentum, fgsm, make_settings, mifgsm
from advdemo.attacks.momentum import _places
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.ensemble import Ensemble
from advdemo.networks.predict import accuracy
from tests.by_hand import ONE, Blind, TwoPixels


class Turning(torch.nn.Module):
    """Logit 0 rises with pixel (0, 0) up to 0.55 and falls from there on, three times as fast; logit 1 is 0."""

    def forward(self, images):
        pixel = images[:, 0, 0, 0]
        rising = torch.where(pixel < 0.55, pixel, 0.55 - 3 * (pixel - 0.55))
        return torch.stack([rising, pixel * 0] + [pixel * 0 - 100] * 8, dim=1)


# By hand


def test_each_step_is_a_part_of_epsilon(image):
    """The first pixel goes 0.4, 0.45, 0.5, 0.55, 0.6, the second as far down."""
    attacked = mifgsm(TwoPixels(), image, ONE, 0.2, steps=4)
    assert attacked[0, 0, 0, :3].tolist() == pytest.approx([0.6, 0.5, 0.5])
    assert (attacked != image).sum() == 2


def test_momentum_goes_on_where_the_gradient_turns(image):
    """Steps of 0.1 from 0.4: 0.5, 0.6, where the gradient turns. It is three times as large there, but its size does
    not count: the momentum is 1 + 1 - 1 and carries on to 0.7. Without momentum it goes back."""
    ways = {decay: mifgsm(Turning(), image, ONE, 0.3, steps=3, decay=decay)[0, 0, 0, 0] for decay in (1.0, 0.0)}
    assert ways[1.0] == pytest.approx(0.7)
    assert ways[0.0] == pytest.approx(0.5)


def test_decay_is_what_is_kept(image):
    """With half of it kept the momentum is 1, 1.5, then 0.75 - 1: back to 0.5; then forward again."""
    path = [mifgsm(Turning(), image, ONE, 0.1 * steps, steps=steps, decay=0.5)[0, 0, 0, 0] for steps in (1, 2, 3, 4)]
    assert torch.stack(path).tolist() == pytest.approx([0.5, 0.6, 0.5, 0.6])


def test_zero_gradient_changes_nothing(image):
    assert torch.equal(mifgsm(Blind(), image, ONE, 0.5), image)


# On real digits


@pytest.mark.parametrize("epsilon", [0.1, 0.3])
@pytest.mark.parametrize("network", ["lenet", "robust"])
def test_equals_torchattacks(request, mnist_test, network, epsilon):
    model = request.getfixturevalue(network)
    theirs = MIFGSM(model, eps=epsilon, alpha=epsilon / 10, steps=10, decay=1.0)
    # Their loss is the batch's mean. Over a power of two that is exact; over another number rounding decides the sign
    # of a few gradients that are almost zero, 68 of 392,000 pixels at worst.
    for start in range(0, 256, 128):
        images, labels = (tensor[start : start + 128] for tensor in mnist_test)
        torch.testing.assert_close(
            mifgsm(model, images, labels, epsilon), theirs(images, labels), atol=1e-5, rtol=0, msg=f"from image {start}"
        )


def test_targeted_equals_torchattacks(lenet, mnist_test):
    images, targets = mnist_test[0][:64], (mnist_test[1][:64] + 1) % 10
    theirs = MIFGSM(lenet, eps=0.2, alpha=0.04, steps=5, decay=0.7)
    theirs.set_mode_targeted_by_function(lambda images, labels: labels)
    ours = mifgsm(lenet, images, targets, 0.2, steps=5, decay=0.7, targeted=True)
    torch.testing.assert_close(ours, theirs(images, targets), atol=1e-5, rtol=0)
    assert accuracy(lenet, ours, targets) > accuracy(lenet, images, targets) + 0.3


def test_one_step_is_fgsm(lenet, mnist_test):
    images, labels = mnist_test[0][:200], mnist_test[1][:200]
    torch.testing.assert_close(mifgsm(lenet, images, labels, 0.1, steps=1), fgsm(lenet, images, labels, 0.1))


@pytest.mark.parametrize("epsilon", [0.0, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("diversity", [0.0, 0.5])
def test_stays_within_epsilon_and_the_pixel_range(lenet, mnist_test, epsilon, diversity):
    images, labels = mnist_test[0][:100].clone(), mnist_test[1][:100]
    attacked = mifgsm(lenet, images, labels, epsilon, diversity=diversity)
    assert torch.equal(images, mnist_test[0][:100])
    assert (attacked - images).abs().max() <= epsilon + 1e-6
    assert attacked.min() >= 0
    assert attacked.max() <= 1
    assert not attacked.requires_grad


# Input diversity


def numbers(*rows):
    return torch.tensor(rows)


def test_a_smaller_image_at_its_place_by_hand(mnist_test):
    """Chosen, 24 + floor(0.25 * 5) = 25 pixels, floor(0.6 * 4) = 2 from above, floor(0.9 * 4) = 3 from the left."""
    picture = mnist_test[0][:1]
    rows, columns = _places(numbers([0.3, 0.25, 0.6, 0.9]), 0.5)
    small = F.interpolate(picture, size=(25, 25), mode="bilinear")
    torch.testing.assert_close(rows @ picture @ columns.mT, F.pad(small, (3, 0, 2, 1)), atol=1e-6, rtol=0)


def test_the_image_itself_where_chance_or_size_say_so(mnist_test):
    pictures = mnist_test[0][:2]
    rows, columns = _places(numbers([0.5, 0.25, 0.6, 0.9], [0.3, 0.99, 0.6, 0.9]), 0.5)
    assert torch.equal(rows @ pictures @ columns.mT, pictures)


def test_sizes_are_equally_likely_and_half_of_the_images_are_chosen():
    rows, _ = _places(torch.rand(10_000, 4, generator=torch.Generator().manual_seed(0)), 0.5)
    sizes = (rows[:, 0].sum(2) > 0).sum(1).bincount(minlength=29)
    assert sizes[:24].sum() == 0
    assert (sizes[24:28] / 10_000).tolist() == pytest.approx([0.1] * 4, abs=0.015)
    assert (sizes[28] / 10_000) == pytest.approx(0.6, abs=0.02)


def test_the_gradient_is_that_of_the_image_before_it_was_made_smaller(lenet, mnist_test):
    """One step, each image made smaller: the sign of what autograd says of the two together."""
    images, labels = mnist_test[0][:50].clone().requires_grad_(), mnist_test[1][:50]
    chance = torch.stack([torch.tensor([0.0, 0.3, 0.6, 0.2])] * 50)
    rows, columns = _places(chance, 1.0)
    loss = F.cross_entropy(lenet(rows @ images @ columns.mT), labels, reduction="sum")
    (expected,) = torch.autograd.grad(loss, images)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("advdemo.attacks.momentum.uniform", lambda images, shape, seed: chance.unsqueeze(1))
        attacked = mifgsm(lenet, images.detach(), labels, 0.1, steps=1, diversity=1.0)
    wanted = (images + 0.1 * expected.sign()).clamp(0, 1)
    assert ((attacked - wanted).abs() > 1e-6).float().mean() < 1e-3


def test_diversity_depends_on_the_seed_and_not_on_the_batch(lenet, mnist_test):
    images, labels = mnist_test[0][:20], mnist_test[1][:20]
    attacked = mifgsm(lenet, images, labels, 0.2, diversity=0.5)
    assert torch.equal(attacked, mifgsm(lenet, images, labels, 0.2, diversity=0.5))
    assert not torch.equal(attacked, mifgsm(lenet, images, labels, 0.2, diversity=0.5, seed=1))
    assert not torch.equal(attacked, mifgsm(lenet, images, labels, 0.2))
    alone = mifgsm(lenet, images[5:6], labels[5:6], 0.2, diversity=0.5)
    assert ((alone - attacked[5:6]).abs() > 1e-5).sum() <= 5  # rounding


# In the table


def test_dim_is_momentum_with_diversity(lenet, mnist_test):
    images, labels = mnist_test[0][:50], mnist_test[1][:50]
    assert make_settings("dim") == DIM(steps=10, decay=1.0, diversity=0.5)
    torch.testing.assert_close(
        DIM().prepare(lenet, images, labels, seed=4).at(0.2),
        mifgsm(lenet, images, labels, 0.2, diversity=0.5, seed=4),
    )


def test_sweep_and_scan_are_mifgsm(lenet, mnist_test):
    images, labels = mnist_test[0][:100], mnist_test[1][:100]
    result = sweep(lenet, images, labels, [0.1], attack=Momentum(steps=5))
    assert result.accuracies[0] == pytest.approx(
        accuracy(lenet, mifgsm(lenet, images, labels, 0.1, steps=5), labels), abs=0.011
    )
    scanned = scan(lenet, images[0], 7, attack="momentum", epsilons=[0.0, 0.05, 0.2])
    attacked = mifgsm(lenet, images[:1], labels[:1], 0.2)
    assert abs(scanned.images[2].astype(int) - (attacked[0, 0] * 255).round().numpy()).max() <= 1
    assert scanned.sign is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be a whole number, at least 1, got 0"),
        ({"decay": -0.1}, "decay must be a number from 0 to 1, got -0.1"),
        ({"decay": float("nan")}, "decay must be a number from 0 to 1, got nan"),
        ({"diversity": 1.5}, "diversity must be a number from 0 to 1, got 1.5"),
        ({"diversity": True}, "diversity must be a number from 0 to 1, got True"),
    ],
)
def test_wrong_settings(image, options, message):
    with pytest.raises(ValueError, match=message):
        mifgsm(TwoPixels(), image, ONE, 0.1, **options)
    with pytest.raises(ValueError, match=message):
        make_settings("momentum", **options)


def test_wrong_input(image):
    with pytest.raises(ValueError, match="epsilon must be"):
        mifgsm(TwoPixels(), image, ONE, 2.0)
    with pytest.raises(ValueError, match="^labels must"):
        mifgsm(TwoPixels(), image, torch.tensor([10]), 0.1)
    with pytest.raises(ValueError, match="^images must"):
        mifgsm(TwoPixels(), image[:0], ONE[:0], 0.1)
    with pytest.raises(ValueError, match="already reads the image as 1"):
        mifgsm(TwoPixels(), image, ONE, 0.1, targeted=True)


# Ensembles


def test_an_ensemble_is_the_mean_of_logits(lenet, robust, mnist_test):
    images = mnist_test[0][:50]
    both = Ensemble([lenet, robust])
    torch.testing.assert_close(both(images), (lenet(images) + robust(images)) / 2)
    assert not both.training
    with pytest.raises(ValueError, match="an ensemble needs at least one network"):
        Ensemble([])


def test_an_ensemble_as_the_source_of_a_sweep(lenet, robust, mnist_test):
    images, labels = mnist_test[0][:150], mnist_test[1][:150]

    def left(model, source):
        return sweep(model, images, labels, [0.2], attack="momentum", source=source).accuracies[0]

    both = Ensemble([lenet, robust])
    attacked = mifgsm(both, images, labels, 0.2)
    assert left(lenet, both) == pytest.approx(accuracy(lenet, attacked, labels), abs=0.007)
    assert left(lenet, both) < left(lenet, robust) - 0.2
