"""MNIST digits as pens and cameras would give them."""

import io

import numpy as np
from PIL import Image, ImageFilter


def ink(digit, longest=160, *, pen=0, hard=True):
    """A 28x28 digit as ink of that longest side: crisp or soft, its strokes `pen` pixels wider on each side."""
    rows, columns = np.flatnonzero(digit.any(1)), np.flatnonzero(digit.any(0))
    digit = Image.fromarray(digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    inner = longest - 2 * pen - 2
    size = [max(1, round(side * inner / max(digit.size))) for side in digit.size]
    large = digit.resize(size, Image.Resampling.BICUBIC)
    frame = Image.new("L", (size[0] + 2 * pen + 2, size[1] + 2 * pen + 2))
    frame.paste(large.point(lambda value: 255 * (value > 127)) if hard else large, (pen + 1, pen + 1))
    return np.asarray(frame.filter(ImageFilter.MaxFilter(2 * pen + 1)) if pen else frame)


def draw(digit, side=280, at=(0.5, 0.5), **how):
    """White ink on a black canvas, uint8 (side, side); `at` is the share of the free room above it and left of it."""
    drawn = ink(digit, **how)
    canvas = np.zeros((side, side), np.uint8)
    top, left = (round((side - length) * share) for length, share in zip(drawn.shape, at, strict=True))
    canvas[top : top + drawn.shape[0], left : left + drawn.shape[1]] = drawn
    return canvas


def thinner(canvas, width):
    return np.asarray(Image.fromarray(canvas).filter(ImageFilter.MinFilter(width)))


def clear(canvas, colour, hidden):
    """Ink of one colour on a transparent canvas whose clear pixels hide another."""
    rgb = np.where(canvas[..., None] > 0, np.uint8(colour), np.uint8(hidden))
    return np.dstack([np.broadcast_to(rgb, (*canvas.shape, 3)), canvas])


def photo(canvas, paper=190.0, pen=70.0, shadow=30.0, noise=5.0, seed=0):
    """A JPEG photograph of the drawing: blurred, noisy, lit from one corner."""
    y, x = np.mgrid[-1 : 1 : canvas.shape[0] * 1j, -1 : 1 : canvas.shape[1] * 1j]
    soft = np.asarray(Image.fromarray(canvas).filter(ImageFilter.GaussianBlur(1))) / 255
    grey = paper + (pen - paper) * soft + shadow * (x + y) / 2
    grey = grey + np.random.default_rng(seed).normal(0, noise, canvas.shape)
    file = io.BytesIO()
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB").save(file, "JPEG", quality=50)
    return np.asarray(Image.open(file))
