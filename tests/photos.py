"""Pictures of one digit as cameras, scanners, phones and screenshots give them. Each takes an MNIST digit, uint8
(28, 28), and a number to vary by, and gives uint8 pixels."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.pens import draw, photo

SIDE = 280
BLUE = (60, 110, 200)


def black(digit, side=SIDE):
    """Enlarged, black on white."""
    return 255 - np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def edged(digit, _):
    """A frame of one pixel."""
    page = black(digit).copy()
    page[0] = page[-1] = page[:, 0] = page[:, -1] = 0
    return page


def boxed(digit, _):
    page = Image.fromarray(black(digit))
    ImageDraw.Draw(page).rectangle((4, 4, SIDE - 5, SIDE - 5), outline=0, width=3)
    return np.asarray(page)


def badly_cut(digit, number):
    """One black line along an edge."""
    page = black(digit).copy()
    page[:3] = 0
    return np.rot90(page, number % 4, axes=(0, 1)) if number % 4 == 0 else _line_at(black(digit), number % 4)


def _line_at(page, edge):
    page = np.rot90(page.copy(), -edge).copy()
    page[:3] = 0
    return np.rot90(page, edge).copy()


def on_desk(digit, number, grey=60, border=60):
    """A white sheet, desk all round."""
    return np.pad(black(digit), border, constant_values=grey)


def desk_in_a_corner(digit, number, grey=60):
    page = Image.fromarray(black(digit))
    reach = 75
    corners = [
        [(0, 0), (reach, 0), (0, reach)],
        [(SIDE, 0), (SIDE - reach, 0), (SIDE, reach)],
        [(0, SIDE), (reach, SIDE), (0, SIDE - reach)],
        [(SIDE, SIDE), (SIDE - reach, SIDE), (SIDE, SIDE - reach)],
    ]
    ImageDraw.Draw(page).polygon(corners[number % 4], fill=grey)
    return np.asarray(page)


def ruled(digit, _, colour=BLUE, pen=(0, 0, 0), every=35, squared=False):
    """Lines of two pixels, over which the digit is written."""
    page = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    lines = ImageDraw.Draw(page)
    for place in range(20, SIDE, every):
        lines.line((0, place, SIDE, place), fill=colour, width=2)
        if squared:
            lines.line((place, 0, place, SIDE), fill=colour, width=2)
    page.paste(Image.new("RGB", page.size, pen), mask=Image.fromarray(255 - black(digit)))
    return np.asarray(page)


def pencil_on_ruled(digit, _):
    grey = round(255 * 0.55)  # 45% darker than the paper
    return ruled(digit, _, (grey,) * 3, (grey,) * 3)


def speckled(digit, number):
    page = black(digit).copy()
    y, x = np.random.default_rng(number).integers(0, SIDE, (2, 200))
    page[y, x] = 0
    return page


def tight(digit, _):
    """Cropped exactly to its ink."""
    page = black(digit)
    rows, columns = (np.flatnonzero((page < 128).any(axis)) for axis in (1, 0))
    return page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def window(digit, _):
    """A screenshot of a window, its shadow in the alpha channel."""
    alpha = Image.new("L", (SIDE + 80, SIDE + 80))
    alpha.paste(140, (40, 48, SIDE + 40, SIDE + 48))
    alpha = alpha.filter(ImageFilter.GaussianBlur(14))
    alpha.paste(255, (40, 40, SIDE + 40, SIDE + 40))
    page = Image.new("L", alpha.size, 0)
    page.paste(Image.fromarray(black(digit)), (40, 40))
    return np.dstack([np.asarray(page)] * 3 + [np.asarray(alpha)])


def rounded(digit, number):
    """An opaque picture with rounded corners or a circular mask."""
    alpha = Image.new("L", (SIDE, SIDE))
    if number % 2:
        ImageDraw.Draw(alpha).ellipse((0, 0, SIDE - 1, SIDE - 1), fill=255)
    else:
        ImageDraw.Draw(alpha).rounded_rectangle((0, 0, SIDE - 1, SIDE - 1), 90, fill=255)
    return np.dstack([black(digit)] * 3 + [np.asarray(alpha)])


def cut_off(digit, number):
    """12% of the ink's width or height is missing."""
    page = tight(digit, number)
    height, width = (round(side * 0.12) for side in page.shape)
    page = [page[height:], page[:-height], page[:, width:], page[:, :-width]][number % 4]
    around = [(0, 40), (40, 0), (40, 40), (40, 40)][number % 4], [(40, 40), (40, 40), (0, 40), (40, 0)][number % 4]
    return np.pad(page, around, constant_values=255)


def half_in_shadow(digit, number):
    y, x = np.mgrid[:SIDE, :SIDE]
    dark = (x > SIDE / 2, y > SIDE / 2, x + y > SIDE)[number % 3]
    return (black(digit) * np.where(dark, 0.6, 1)).astype(np.uint8)


def in_falling_light(digit, _):
    return (black(digit) * np.linspace(1, 0.35, SIDE)).astype(np.uint8)


def far_away(digit, number):
    """60 pixels in a photograph of 2,000, here already shrunk to 1,000."""
    at = (0.2 + 0.06 * (number % 10), 0.8 - 0.06 * (number % 9))
    large = photo(draw(digit, 2000, at, longest=60, hard=False), noise=4, seed=number)
    return np.asarray(Image.fromarray(large).resize((1000, 1000), Image.Resampling.BOX))


def dotted(digit, _):
    """A full stop beside it."""
    page = Image.fromarray(black(digit))
    ImageDraw.Draw(page).ellipse((250, 240, 262, 252), fill=0)
    return np.asarray(page)


class Row(NamedTuple):
    """A kind of picture, and how many of 100 must be read as labelled."""

    make: Callable
    wanted: int


ROWS = {
    "a frame of one pixel": Row(edged, 97),
    "a box inside the edge": Row(boxed, 97),
    "a line along an edge": Row(badly_cut, 97),
    "a sheet on a dark desk": Row(on_desk, 95),
    "a sheet on a wide desk": Row(lambda digit, number: on_desk(digit, number, border=200), 95),
    "a dark desk in one corner": Row(desk_in_a_corner, 95),
    "a desk of grey 140": Row(lambda digit, number: on_desk(digit, number, grey=140), 95),
    "a frame of grey 140": Row(lambda digit, number: on_desk(digit, number, grey=140, border=12), 95),
    "a desk of grey 200": Row(lambda digit, number: on_desk(digit, number, grey=200), 95),
    "a desk on two sides": Row(lambda digit, _: np.pad(black(digit), ((60, 0), (0, 60)), constant_values=60), 95),
    "a corner of grey 140": Row(lambda digit, number: desk_in_a_corner(digit, number, grey=140), 95),
    "dark-blue ruled paper": Row(ruled, 95),
    "pencil on lines as dark": Row(pencil_on_ruled, 80),
    "200 stray pixels": Row(speckled, 95),
    "a window with a shadow": Row(window, 97),
    "rounded or circular": Row(rounded, 97),
    "cropped to its ink": Row(tight, 97),
    "black on white": Row(lambda digit, _: black(digit), 99),
    "white on black": Row(lambda digit, _: 255 - black(digit), 99),
    "white, cropped to its ink": Row(lambda digit, _: 255 - tight(digit, _), 97),
    "12% cut off": Row(cut_off, 85),
    "half in shadow": Row(half_in_shadow, 97),
    "in falling light": Row(in_falling_light, 97),
    "far away": Row(far_away, 97),
    "pale ruled paper": Row(lambda digit, _: ruled(digit, _, (200, 215, 240)), 99),
    "squared paper": Row(lambda digit, _: ruled(digit, _, (200, 215, 240), squared=True), 97),
    "dark squared paper": Row(lambda digit, _: ruled(digit, _, squared=True), 90),
    "a full stop": Row(dotted, 98),
}


def sheet_of_ten(digits, mnist_test):
    """Two lines of five, photographed: (pixels, labels, their numbers)."""
    chosen = [int((mnist_test[1][:100] == digit).nonzero()[0, 0]) for digit in (3, 1, 4, 5, 9, 2, 6, 8, 7, 0)]
    sheet = np.zeros((500, 1000), np.uint8)
    for place, number in enumerate(chosen):
        top, left = 40 + 230 * (place // 5) + 12 * (place % 3), 30 + 190 * (place % 5)
        sheet[top : top + 180, left : left + 180] = 255 - black(digits[number], 180)
    return photo(sheet), [3, 1, 4, 5, 9, 2, 6, 8, 7, 0], chosen
