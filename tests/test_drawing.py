"""Drawings: real MNIST test digits as pens and cameras would give them, and canvases on which there is no digit."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from advdemo.images.drawing import to_mnist
from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import classify
from tests.pens import clear, draw, ink, photo, thinner

CHECKPOINT = Path(__file__).parents[1] / "checkpoints" / "lenet.safetensors"
COUNT = 20  # digits in each accuracy test


@pytest.fixture(scope="module")
def digits():
    images, labels = load_mnist("test")
    chosen = slice(7, None, len(images) // COUNT)
    return (images[chosen, 0][:COUNT] * 255).byte().numpy(), labels[chosen][:COUNT]


@pytest.fixture(scope="module")
def model():
    return load_checkpoint(CHECKPOINT, "cpu")[0]


FORMS = {
    "black on white": lambda canvas: 255 - canvas,
    "RGB": lambda canvas: np.dstack([255 - canvas] * 3),
    "opaque RGBA": lambda canvas: np.dstack([255 - canvas] * 3 + [np.full_like(canvas, 255)]),
    "black on clear": lambda canvas: clear(canvas, 0, 0),
    "black on clear white": lambda canvas: clear(canvas, 0, 255),
    "white on clear": lambda canvas: clear(canvas, 255, 0),
    "white on clear white": lambda canvas: clear(canvas, 255, 255),
    "half clear red on clear": lambda canvas: clear(canvas // 2, (200, 30, 30), 0),
    "blue on yellow": lambda canvas: np.where(canvas[..., None] > 127, (20, 60, 200), (255, 230, 80)).astype(np.uint8),
    "grey on grey": lambda canvas: (150 - canvas // 6).astype(np.uint8),
}

VARIANTS = {
    "as in MNIST": lambda digit, _: digit,
    "soft": lambda digit, _: draw(digit, hard=False),
    "crisp": lambda digit, _: draw(digit),
    "large": lambda digit, _: draw(digit, longest=276),
    "edge to edge": lambda digit, _: 255 - ink(digit, 200),
    "small": lambda digit, _: draw(digit, longest=40, at=(0.2, 0.7)),
    "small, thick": lambda digit, _: draw(digit, longest=44, pen=2, at=(0.8, 0.3)),
    "in a corner": lambda digit, number: draw(digit, longest=110, at=(number % 2, number // 2 % 2)),
    "thick": lambda digit, _: draw(digit, longest=120, pen=5),
    "thin": lambda digit, _: thinner(draw(digit, longest=140), 7),
    "small canvas": lambda digit, _: draw(digit, side=64, longest=36),
    "large canvas": lambda digit, _: draw(digit, side=1000, longest=300, at=(0.9, 0.1)),
    "photo": lambda digit, number: photo(draw(digit), seed=number),
    "dim photo": lambda digit, number: photo(draw(digit), paper=150, pen=90, shadow=45, seed=number),
    "chalk": lambda digit, number: photo(draw(digit), paper=50, pen=200, shadow=20, seed=number),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_network_reads_it_however_it_is_drawn(variant, digits, model):
    images, labels = digits
    read = torch.stack([to_mnist(VARIANTS[variant](image, number)) for number, image in enumerate(images)])
    assert (classify(model, read) == labels).float().mean() >= 0.95


def test_an_mnist_digit_stays_almost_itself(digits):
    images = digits[0]
    difference = np.stack([to_mnist(image)[0].numpy() - image / 255 for image in images])
    assert abs(difference).mean() < 0.045  # of which stroke width is the most; one pixel of shift makes 0.07


@pytest.mark.parametrize("form", FORMS)
def test_colours_and_transparency_do_not_matter(form, digits, model):
    for image in digits[0][:4]:
        canvas = draw(image)
        plain, other = to_mnist(canvas), to_mnist(FORMS[form](canvas))
        assert (plain - other).abs().mean() < 0.01
        assert classify(model, plain[None]) == classify(model, other[None])


@pytest.mark.parametrize("at", [(0, 0), (0, 1), (1, 0), (1, 1), (0.37, 0.81)])
def test_place_does_not_matter(at, digits):
    for image in digits[0][:4]:
        assert (to_mnist(draw(image)) - to_mnist(draw(image, at=at))).abs().mean() < 0.005


@pytest.mark.parametrize(("side", "longest"), [(100, 60), (280, 100), (280, 270), (900, 500)])
def test_size_hardly_matters(side, longest, digits, model):
    differences = []
    for image in digits[0][:6]:
        plain, other = to_mnist(draw(image)), to_mnist(draw(image, side=side, longest=longest))
        assert classify(model, plain[None]) == classify(model, other[None])
        # The centre of mass may fall on the other side of a pixel's edge.
        shifts = [torch.roll(other, (down, right), (1, 2)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
        differences.append(min((plain - shifted).abs().mean().item() for shifted in shifts))
    assert np.mean(differences) < 0.02


def strokes(*lines, width, side=280):
    canvas = Image.new("L", (side, side), 255)
    for line in lines:
        ImageDraw.Draw(canvas).line(line, fill=0, width=width, joint="curve")
    return np.asarray(canvas)


def test_strokes_get_one_width():
    seven = ((60, 60, 200, 60), (200, 60, 120, 240))
    mass = [to_mnist(strokes(*seven, width=width)).sum().item() for width in (1, 2, 4, 8, 16, 24, 32, 40)]
    assert min(mass) > 60  # 34 pixels long, 2.2 wide
    assert max(mass) < 1.35 * min(mass)  # and not 40 times


def test_the_form_is_mnists(digits):
    for number, image in enumerate(digits[0][:10]):
        read = to_mnist(draw(image, longest=60 + 20 * number, at=(0, 1)))
        assert (read.shape, read.dtype) == ((1, 28, 28), torch.float32)
        assert (read.min(), read.max()) == (0, 1)
        assert torch.equal(read, (read * 255).round() / 255)
        rows, columns = np.nonzero(read[0].numpy())
        assert max(np.ptp(rows), np.ptp(columns)) == 19  # 20 pixels
        for axis in (1, 2):
            centre = (read.sum(dim=axis)[0] @ torch.arange(28.0)) / read.sum()
            assert abs(centre - 14) < 0.51  # the pixel right of and below the middle, as in MNIST


def test_nothing_is_cut_off():
    """Almost all ink at one end: its centre of mass in the middle would push the other end out of the image."""
    comb = [(40, 40, 40, 240), (52, 40, 52, 240), (64, 40, 64, 240), (40, 140, 250, 140)]
    for turns in range(4):
        read = to_mnist(np.rot90(strokes(*comb, width=6), turns).copy())[0].numpy()
        rows, columns = np.nonzero(read)
        assert sorted([np.ptp(rows), np.ptp(columns)]) == [18, 19]
        assert read.max(axis=turns % 2).astype(bool).sum() == 20  # the handle reaches from end to end


@pytest.mark.parametrize("width", [1, 3, 30])
@pytest.mark.parametrize(
    ("line", "shape"), [((140, 40, 140, 240), (20, 2)), ((40, 140, 240, 140), (2, 20)), ((60, 60, 220, 220), (20, 20))]
)
def test_a_single_straight_stroke_survives(line, shape, width, model):
    read = to_mnist(strokes(line, width=width))
    rows, columns = np.nonzero(read[0].numpy())
    assert abs(np.ptp(rows) + 1 - shape[0]) <= 1
    assert abs(np.ptp(columns) + 1 - shape[1]) <= 1
    if shape == (20, 2):
        assert classify(model, read[None]) == 1


def noise(low, high, seed=0):
    return np.random.default_rng(seed).integers(low, high, (200, 200), dtype=np.uint8)


BLANK = {
    **{f"grey {level}": np.full((280, 280), level, np.uint8) for level in (0, 128, 255)},
    "one colour": np.full((280, 280, 3), (20, 120, 220), np.uint8),
    "one pixel": np.zeros((1, 1), np.uint8),
    "clear": np.zeros((280, 280, 4), np.uint8),
    "clear white": clear(np.zeros((280, 280), np.uint8), 0, 255),
    "opaque black": np.full((280, 280, 4), (0, 0, 0, 255), np.uint8),
    "faint noise": noise(120, 136),
    "noise": noise(90, 170),
    "all noise": noise(0, 256),
    "empty sheet": photo(np.zeros((200, 200), np.uint8)),
}


@pytest.mark.parametrize("name", BLANK)
def test_a_canvas_without_ink_is_refused(name):
    with pytest.raises(ValueError, match=r"^there is no ink to see: draw a digit"):
        to_mnist(BLANK[name])


def dot(radius, side=280):
    y, x = np.ogrid[:side, :side]
    return ((y - 90) ** 2 + (x - 150) ** 2 <= radius**2).astype(np.uint8) * 255


SOLID = {
    "a tap of the pen": dot(9),
    "one pixel": dot(0),
    "large dot": dot(80),
    "clear dot": clear(dot(20), 0, 0),
    "ink nearly everywhere": np.pad(np.full((260, 260), 255, np.uint8), 10),
}


@pytest.mark.parametrize("name", SOLID)
def test_a_dot_or_a_block_is_refused(name):
    with pytest.raises(ValueError, match=r"^the ink is a solid dot or block: draw a digit"):
        to_mnist(SOLID[name])


@pytest.mark.parametrize(
    ("canvas", "message"),
    [
        (None, "uint8 array .* got NoneType"),
        ([[0, 255]], "got list"),
        (np.zeros((28, 28)), "got float64"),
        (np.zeros((28, 28), bool), "got bool"),
        (np.zeros(28, np.uint8), r"\(H, W, 4\) .* got \(28,\)"),
        (np.zeros((28, 28, 1), np.uint8), r"got \(28, 28, 1\)"),
        (np.zeros((28, 28, 2), np.uint8), r"got \(28, 28, 2\)"),
        (np.zeros((1, 28, 28, 3), np.uint8), r"got \(1, 28, 28, 3\)"),
        (np.zeros((0, 28), np.uint8), r"not empty, got \(0, 28\)"),
        (np.broadcast_to(np.uint8(0), (50_000, 50_000, 4)), r"at most 16777216 pixels, got \(50000, 50000\)"),
    ],
)
def test_what_is_no_canvas_is_refused(canvas, message):
    with pytest.raises(ValueError, match=message):
        to_mnist(canvas)


def test_the_canvas_is_left_as_it_was(digits):
    canvas = np.dstack([draw(digits[0][0])] * 4)
    canvas.flags.writeable = False
    before = canvas.copy()
    to_mnist(canvas)
    assert np.array_equal(canvas, before)
