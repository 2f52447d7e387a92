import pytest
import torch

from advdemo.images.augment import augment
from advdemo.networks.predict import accuracy


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(1)


def test_augment_keeps_shape_and_range(thousand, generator):
    images = thousand[0][:200]
    before = images.clone()
    distorted = augment(images, generator)
    assert distorted.shape == images.shape
    assert distorted.dtype == torch.float32
    assert distorted.min() >= 0
    assert distorted.max() <= 1
    assert torch.equal(images, before)


def test_augment_is_reproducible(thousand):
    images = thousand[0][:20]
    first, second, third = (augment(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_every_image_gets_its_own_distortion(thousand, generator):
    distorted = augment(thousand[0][:1].repeat(10, 1, 1, 1), generator)
    assert len(distorted.flatten(1).unique(dim=0)) == 10


def test_augment_is_gentle(lenet, thousand, generator):
    assert accuracy(lenet, augment(thousand[0], generator), thousand[1]) > 0.95


def test_augment_makes_strokes_thinner_and_thicker(thousand, generator):
    images = thousand[0][:200]
    ink = augment(images, generator).sum((1, 2, 3)) / images.sum((1, 2, 3))
    assert ink.min() < 0.8
    assert ink.max() > 1.2


def test_distorted_images_are_turned_by_up_to_ten_degrees(monkeypatch):
    for name in ("SHEAR", "SCALE", "SHIFT", "THINNER", "THICKER"):
        monkeypatch.setattr(f"advdemo.images.augment.{name}", 0.0)
    monkeypatch.setattr("advdemo.images.augment.STEEPER", 1.0)
    bar = torch.zeros(200, 1, 28, 28)
    bar[:, :, 4:24, 13:15] = 1.0
    turned = augment(bar, torch.Generator().manual_seed(0))[:, 0]
    rows, columns = torch.meshgrid(torch.arange(28.0) - 13.5, torch.arange(28.0) - 13.5, indexing="ij")
    both, across, down = ((turned * weight).sum((1, 2)) for weight in (rows * columns, columns**2, rows**2))
    angles = torch.rad2deg(0.5 * torch.atan2(2 * both, down - across))
    assert 8 < angles.abs().max() < 10.5
    assert angles.min() < -5 < 5 < angles.max()
