import numpy as np
import pytest
import torch

from advdemo.attacks import PGD, fgsm, noise, pgd
from tests.by_hand import ONE, Blind, TwoPixels
from tests.toolkits import art_pgd


def success(model, images, labels) -> float:
    with torch.no_grad():
        return (model(torch.as_tensor(images)).argmax(1) != labels).float().mean().item()


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
