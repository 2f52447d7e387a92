"""Digits as pens and cameras would give them."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


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


def curve(*points, count=24):
    """A smooth stroke (Catmull-Rom) through points given as shares of a unit box."""
    ends = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, len(points) - 1, count)
    place = np.minimum(t.astype(int), len(points) - 2)
    a, b, c, d = (ends[place + i] for i in range(4))
    t = (t - place)[:, None]
    return (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2


# The ten digits as a hand draws them, some with more than one stroke.
HAND = [
    [curve((0.5, 0), (0.2, 0.15), (0.1, 0.5), (0.25, 0.9), (0.5, 1), (0.8, 0.85), (0.9, 0.5), (0.8, 0.15), (0.5, 0))],
    [curve((0.5, 0), (0.5, 1))],
    [curve((0.15, 0.2), (0.45, 0), (0.8, 0.2), (0.6, 0.55), (0.1, 1)), curve((0.1, 1), (0.9, 0.98))],
    [curve((0.15, 0.1), (0.5, 0), (0.8, 0.2), (0.45, 0.45), (0.85, 0.7), (0.5, 1), (0.1, 0.9))],
    [curve((0.35, 0), (0.1, 0.55)), curve((0.1, 0.55), (0.95, 0.55)), curve((0.7, 0.05), (0.65, 1))],
    [curve((0.85, 0), (0.25, 0.02)), curve((0.25, 0.02), (0.2, 0.42), (0.6, 0.4), (0.85, 0.7), (0.5, 1), (0.1, 0.9))],
    [curve((0.7, 0), (0.3, 0.35), (0.15, 0.75), (0.45, 1), (0.75, 0.8), (0.55, 0.55), (0.2, 0.75))],
    [curve((0.1, 0.02), (0.85, 0)), curve((0.85, 0), (0.55, 0.5), (0.4, 1))],
    [curve((0.75, 0.12), (0.45, 0), (0.25, 0.2), (0.7, 0.7), (0.5, 1), (0.25, 0.8), (0.7, 0.25), (0.75, 0.12))],
    [curve((0.8, 0.25), (0.5, 0), (0.2, 0.25), (0.45, 0.48), (0.8, 0.2)), curve((0.8, 0.2), (0.75, 0.6), (0.65, 1))],
]


def by_hand(digit, chance):
    """The digit's strokes on a pad, as shares of its side: leant, stretched, trembling, of any size and place."""
    side = chance.uniform(0.25, 0.85)
    lean = np.array([[1, chance.normal(0, 0.1)], [chance.normal(0, 0.05), 1]])
    strokes = [(stroke - 0.5) @ lean.T + chance.normal(0, 0.004, stroke.shape) for stroke in HAND[digit]]
    low, high = (pick([pick(stroke, 0) for stroke in strokes], 0) for pick in (np.min, np.max))
    size = (high - low) * side / max(high - low)
    corner = 0.04 + chance.uniform(0, 1, 2) * (0.92 - size)
    return [(stroke - low) * side / max(high - low) + corner for stroke in strokes]


def pad(strokes, side=560, pen=0.075):
    """What the pad shows of strokes, uint8 (side, side): white on black."""
    canvas = Image.new("L", (2 * side, 2 * side))
    brush, radius = ImageDraw.Draw(canvas), pen * side
    for stroke in strokes:
        points = [tuple(point) for point in np.asarray(stroke) * 2 * side]
        brush.line(points, 255, round(2 * radius), joint="curve")
        for x, y in points:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return np.asarray(canvas.reduce(2))
