import re

import pytest
import torch

from advdemo.attacks import ATTACKS, PGD, find_attack, make_settings, noise, perturb, setting_owners
from advdemo.attacks.noise import random_sign
from advdemo.networks.fast import FastLeNet

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
    with pytest.raises(ValueError, match="steps can be set for pgd, bpda, momentum, .* only, not for fgsm"):
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
    assert (prepared.sign is not None) == (name in ("fgsm", "rays", "advgan", "noise"))
    assert row.one_run or prepared.sign is None  # what has one direction for every epsilon was found in one run
    for epsilon in (0.05, 0.2):
        attacked = prepared.at(epsilon)
        assert (attacked - images).abs().max() == pytest.approx(epsilon, abs=1e-5)
        if prepared.sign is not None:
            assert torch.equal(attacked, perturb(images, prepared.sign, epsilon))
    if row.targeted:
        targets = (labels + 1) % 10
        aimed = settings.prepare(lenet, images, targets, targeted=True).at(0.1)
        places = torch.arange(20)
        assert (lenet(aimed)[places, targets] > lenet(images)[places, targets]).sum() >= 18


def test_the_table_is_told_to_programs():
    for name, row in ATTACKS.items():
        assert name == row.name
        assert re.fullmatch(r"[a-z][^.;]{10,90}", row.told)  # a clause after the name, joined by semicolons
        assert row.one_run or not row.quick


def test_who_has_a_setting():
    assert setting_owners("steps").items() >= {"pgd": 40, "bpda": 40, "momentum": 10, "dim": 10}.items()
    assert setting_owners("decay") == {"momentum": 1.0, "dim": 1.0}
    assert setting_owners("epsilon") == {}


@pytest.mark.parametrize("name", ["bim", "", None, 3, FastLeNet])
def test_an_unknown_attack_is_refused(name):
    with pytest.raises(ValueError, match="unknown attack .*: choose one of fgsm, pgd, .*, noise"):
        find_attack(name)
