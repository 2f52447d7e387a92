import numpy as np
import pytest
import torch
from torch import nn

from advdemo.attacks import ATTACKS, PGD, fgsm, find_attack, gradient_sign, make_settings, noise, perturb, pgd
from advdemo.attacks.noise import random_sign
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.fast import FastLeNet
from tests.by_hand import ONE, WRONG_IMAGES, WRONG_LABELS, Blind, TwoPixels
from tests.conftest import CHECKPOINT
from tests.toolkits import art_fgsm, art_pgd

EPSILONS = (0.01, 0.1, 0.25, 0.5)


def success(model, images, labels) -> float:
    with torch.no_grad():
        return (model(torch.as_tensor(images)).argmax(1) != labels).float().mean().item()


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


# PGD


def test_pgd_by_hand(image):
    """Three steps of 0.1 within 0.25: the first pixel goes 0.4, 0.5, 0.6, 0.65, the second 0.7, 0.6, 0.5, 0.45."""
    attacked = pgd(TwoPixels(), image, ONE, 0.25, steps=3, step_size=0.1)
    assert attacked[0, 0, 0, :3].tolist() == pytest.approx([0.65, 0.45, 0.5])
    assert (attacked != image).sum() == 2


def test_one_step_of_pgd_is_fgsm(lenet, mnist_test):
    images, labels = mnist_test[0][:200], mnist_test[1][:200]
    torch.testing.assert_close(
        pgd(lenet, images, labels, 0.1, steps=1, step_size=0.1), fgsm(lenet, images, labels, 0.1)
    )
    torch.testing.assert_close(pgd(lenet, images, labels, 0.1, steps=1), fgsm(lenet, images, labels, 0.1))


@pytest.mark.parametrize(("epsilon", "targeted"), [(0.05, False), (0.1, False), (0.2, True)])
def test_pgd_without_random_start_equals_art(lenet, mnist_test, epsilon, targeted):
    images, labels = mnist_test[0][:200], mnist_test[1][:200]
    labels = (labels + 1) % 10 if targeted else labels
    ours = pgd(lenet, images, labels, epsilon, steps=10, step_size=epsilon / 4, targeted=targeted)
    theirs = art_pgd(lenet, images, labels, epsilon, eps_step=epsilon / 4, max_iter=10, targeted=targeted)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_pgd_with_random_start_succeeds_as_often_as_art(lenet, mnist_test):
    images, labels = mnist_test[0][:500], mnist_test[1][:500]
    generator = torch.Generator().manual_seed(0)
    ours = pgd(lenet, images, labels, 0.1, steps=10, step_size=0.02, random_start=True, generator=generator)
    theirs = art_pgd(lenet, images, labels, 0.1, eps_step=0.02, max_iter=10, num_random_init=1)
    assert success(lenet, ours, labels) == pytest.approx(success(lenet, theirs, labels), abs=0.03)
    assert success(lenet, ours, labels) > 0.3


@pytest.mark.parametrize("epsilon", [0.0, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("random_start", [False, True])
def test_pgd_stays_within_epsilon_and_the_pixel_range(lenet, mnist_test, epsilon, random_start):
    images, labels = mnist_test[0][:100], mnist_test[1][:100]
    attacked = pgd(lenet, images, labels, epsilon, steps=5, random_start=random_start)
    assert (attacked - images).abs().max() <= epsilon + 1e-6
    assert attacked.min() >= 0
    assert attacked.max() <= 1
    assert not attacked.requires_grad


def test_pgd_is_stronger_than_fgsm_and_fgsm_than_noise(lenet, mnist_test):
    images, labels = mnist_test[0][:500], mnist_test[1][:500]
    rates = [
        success(lenet, noise(images, 0.1), labels),
        success(lenet, fgsm(lenet, images, labels, 0.1), labels),
        success(lenet, pgd(lenet, images, labels, 0.1, steps=10), labels),
    ]
    assert rates[0] + 0.05 < rates[1] < rates[2] - 0.05


def test_restarts_keep_what_succeeded(lenet, mnist_test):
    images, labels = mnist_test[0][:300], mnist_test[1][:300]

    def attacked(restarts):
        generator = torch.Generator().manual_seed(0)
        options = {"steps": 3, "random_start": True, "restarts": restarts, "generator": generator}
        return pgd(lenet, images, labels, 0.08, **options)

    once, often = attacked(1), attacked(6)
    with torch.no_grad():
        fooled = lenet(once).argmax(1) != labels
    assert 0 < fooled.sum() < 300
    assert torch.equal(often[fooled], once[fooled])
    assert success(lenet, often, labels) > success(lenet, once, labels)
    assert (often - images).abs().max() <= 0.08 + 1e-6


def test_pgd_with_an_epsilon_for_each_image(lenet, mnist_test):
    images, labels = mnist_test[0][:3], mnist_test[1][:3]
    epsilons = torch.tensor([0.0, 0.1, 0.2])
    together = pgd(lenet, images, labels, epsilons.view(3, 1, 1, 1), steps=5)
    for place, epsilon in enumerate(epsilons.tolist()):
        alone = pgd(lenet, images[place : place + 1], labels[place : place + 1], epsilon, steps=5)
        torch.testing.assert_close(together[place : place + 1], alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be a whole number, at least 1, got 0"),
        ({"steps": 2.5}, "steps must be a whole number, at least 1, got 2.5"),
        ({"step_size": -0.1}, "got -0.1"),
        ({"restarts": 2}, "restarts must be at least 1, and 1 without a random start"),
        ({"restarts": 0, "random_start": True}, "restarts must be at least 1"),
    ],
)
def test_wrong_settings_of_pgd(image, options, message):
    with pytest.raises(ValueError, match=message):
        pgd(TwoPixels(), image, ONE, 0.1, **options)


@pytest.mark.parametrize("attack", [fgsm, pgd])
def test_a_target_already_reached_is_refused(image, attack):
    with pytest.raises(ValueError, match="already reads the image as 1: choose another target"):
        attack(TwoPixels(), image, ONE, 0.1, targeted=True)
    attack(TwoPixels(), image, torch.tensor([0]), 0.1, targeted=True)


# Noise


def test_noise_moves_every_pixel_by_epsilon():
    grey = torch.full((100, 1, 28, 28), 0.5)
    grey += torch.arange(100).view(100, 1, 1, 1) / 1e6  # different images
    moved = noise(grey, 0.2)
    assert (moved - 0.5).abs().view(-1).tolist() == pytest.approx([0.2] * 78_400, abs=2e-4)
    assert (moved > 0.5).float().mean() == pytest.approx(0.5, abs=0.01)


def test_the_noise_of_an_image_does_not_depend_on_its_batch(mnist_test):
    images = mnist_test[0][:20]
    signs = random_sign(images)
    assert torch.equal(signs[5:12], random_sign(images[5:12]))
    assert torch.equal(signs, random_sign(images))
    assert not torch.equal(signs[0], signs[1])
    assert not torch.equal(signs, random_sign(images, seed=1))


def test_settings_of_pgd_are_refused_elsewhere(image):
    with pytest.raises(ValueError, match="steps can be set for pgd, bpda, momentum, dim only, not for fgsm"):
        make_settings("fgsm", steps=3)
    assert make_settings("pgd", steps=3, restarts=None) == PGD(steps=3)


# The table


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_of_the_table_does_what_its_row_says(name, lenet, mnist_test):
    images, labels = mnist_test[0][:20], mnist_test[1][:20]
    row, settings = find_attack(name)
    assert row.name == name
    assert find_attack(settings) == (row, settings)
    if row.knows in ("scores", "label"):
        settings = make_settings(name, queries=200)
    prepared = settings.prepare(lenet, images, labels, seed=3)
    torch.testing.assert_close(prepared.logits, lenet(images))
    assert (prepared.sign is not None) == row.one_sign
    for epsilon in (0.05, 0.2):
        attacked = prepared.at(epsilon)
        assert (attacked - images).abs().max() == pytest.approx(epsilon, abs=1e-5)
        if row.one_sign:
            assert torch.equal(attacked, perturb(images, prepared.sign, epsilon))
    if row.targeted:
        targets = (labels + 1) % 10
        aimed = settings.prepare(lenet, images, targets, targeted=True).at(0.1)
        places = torch.arange(20)
        assert (lenet(aimed)[places, targets] > lenet(images)[places, targets]).sum() >= 18


@pytest.mark.parametrize("name", ["bim", "", None, 3, FastLeNet])
def test_an_unknown_attack_is_refused(name):
    with pytest.raises(ValueError, match="unknown attack .*: choose one of fgsm, pgd, .*, noise"):
        find_attack(name)


# What is random, and how far a step goes


class Recording(TwoPixels):
    """Remembers every batch that it was asked about."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def forward(self, images):
        self.asked.append(images.detach().clone())
        return super().forward(images)


def test_the_default_step_is_two_and_a_half_epsilon_over_the_steps(image):
    model = Recording()
    pgd(model, image, ONE, 0.2, steps=10)
    assert len(model.asked) == 10
    moved = [abs(float(later[0, 0, 0, 0] - image[0, 0, 0, 0])) for later in model.asked]
    assert moved[:5] == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2])
    assert moved[-1] == pytest.approx(0.2)


def test_random_starts_lie_all_around_the_image():
    grey = torch.full((20, 1, 28, 28), 0.5)
    started = pgd(Blind(), grey, torch.ones(20, dtype=torch.int64), 0.2, steps=1, random_start=True)
    offsets = (started - grey) / 0.2
    assert offsets.min() < -0.99
    assert offsets.max() > 0.99
    assert abs(offsets.mean()) < 0.02
    assert offsets.std() == pytest.approx(3**-0.5, abs=0.01)  # of a uniform distribution


def test_each_batch_and_each_seed_has_random_starts_of_its_own():
    grey = torch.full((4, 1, 28, 28), 0.5)
    darker = grey - 0.01
    label = torch.ones(4, dtype=torch.int64)

    def offsets(images, seed):
        at = PGD(steps=1, random_start=True).prepare(Blind(), images, label, seed=seed).at(0.2)
        return ((at - images) * 1000).round()

    assert torch.equal(offsets(grey, 0), offsets(grey, 0))
    assert not torch.equal(offsets(grey, 0), offsets(grey, 1))
    assert not torch.equal(offsets(grey, 0), offsets(darker, 0))


def test_targeted_restarts_keep_what_reached_its_target(lenet, mnist_test):
    images, targets = mnist_test[0][:200], (mnist_test[1][:200] + 1) % 10

    def reached(restarts):
        generator = torch.Generator().manual_seed(0)
        options = {"steps": 3, "random_start": True, "restarts": restarts, "generator": generator, "targeted": True}
        attacked = pgd(lenet, images, targets, 0.15, **options)
        return attacked, lenet(attacked).argmax(1) == targets

    (once, hit), (often, more) = reached(1), reached(5)
    assert 0 < hit.sum() < 200
    assert torch.equal(often[hit], once[hit])
    assert more.sum() > hit.sum()
