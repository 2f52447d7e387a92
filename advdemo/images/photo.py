"""A photograph, scan or screenshot of any number of digits -> each of them as MNIST would have it. `drawing` tells ink
from paper, `parts` which ink is a digit; here the picture is searched as a whole, sheet by sheet, or with room around
it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from advdemo.images.drawing import SEVERAL, SIZE, as_mnist, check_canvas, find_ink, shrink, to_mnist
from advdemo.images.parts import (
    SLIM,
    Box,
    grown,
    hull_of,
    is_furniture,
    is_sheet,
    merged,
    parts_of,
    slimness,
    touches,
    within,
    without_lines,
)
from advdemo.images.picture import Picture

VIEW, CROPPED = 1000, 400  # pixels: the longest side at which digits are sought, and one that fills the picture
MOST = 100  # digits in one picture
SHEET = 0.2  # of the picture's longest side: a sheet's, at least
DEEPEST = 3  # levels: a sheet on a desk in a frame
NO_DIGIT = "no digit stands out in the picture: write one in dark ink on plain paper and crop the picture to it"


@dataclass(frozen=True)
class Found:
    """A digit in a picture."""

    box: Box  # in the picture's pixels
    image: Tensor  # float32 (1, 28, 28) in [0, 1], in MNIST's form


def digits_in(picture: Picture) -> list[Found]:
    """`find_digits` of a picture file; 28 x 28 pixels are taken as they are. Those of others are turned so that ink is
    1 when their edge is brighter than half: dark ink on light paper."""
    height, width = picture.pixels.shape[:2]
    if (height, width) != (SIZE, SIZE):
        return find_digits(picture.pixels)
    light, alpha = np.moveaxis(np.asarray(Image.fromarray(picture.pixels).convert("LA")).astype(np.float32), 2, 0)
    grey = np.round(light * alpha / 255)  # what is transparent is paper
    edge = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
    if not picture.exact and alpha.min() == 255 and np.median(edge) > 127:
        grey = 255 - grey
    return [Found((0, 0, width, height), torch.from_numpy(grey / 255)[None])]


def digit_in(picture: Picture) -> Tensor:
    """The one digit in a picture file, float32 (1, 28, 28) in MNIST's form; ValueError when there is none, or more than
    one."""
    found = digits_in(picture)
    if not found:
        to_mnist(picture.pixels)  # says what is wrong with it where it can
        raise ValueError(NO_DIGIT)
    if len(found) > 1:
        raise ValueError(SEVERAL)
    return found[0].image


def find_digits(pixels: np.ndarray) -> list[Found]:
    """The digits in a picture, in reading order; none where there is no digit.

    Args:
        pixels: uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA (straight alpha), at most 2**24 pixels. Dark on light
            or light on dark, on plain, ruled or squared paper, with or without a frame, or a desk around the sheet.

    Raises:
        ValueError: another type, shape or size.
    """
    check_canvas(pixels)
    opaque = _opaque(pixels)
    view, scale = _shrunk(opaque, VIEW)
    found = _search_or_sheet(view)
    if not found or (len(found) > 1 and any(touches(box, view.shape) for box, _ in found)):
        small, coarser = _shrunk(opaque, CROPPED)
        cropped = _search_cropped(small)
        if cropped and (not found or _fills(cropped, small.shape)):
            found, scale = cropped, coarser
    bottom, right = pixels.shape[:2]
    return [
        Found((x0 * scale, y0 * scale, min(x1 * scale, right), min(y1 * scale, bottom)), image)
        for (x0, y0, x1, y1), image in _in_reading_order(found)[:MOST]
    ]


def _search_or_sheet(view: np.ndarray) -> list[tuple[Box, Tensor]]:
    """The digits in the picture as a whole; or on its largest sheet where that leaves none out but what lies beside it,
    at its edge or at the picture's."""
    import cv2

    found = list(_search(view))
    grey = view[..., :3].mean(2).clip(0, 255).astype(np.uint8)
    _, light = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    for side in (light, 1 - light):
        _, labels, stats, _ = cv2.connectedComponentsWithStats(side)
        if len(stats) == 1:
            continue
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        left, top, width, height, _ = stats[largest].tolist()
        box = (left, top, left + width, top + height)
        part = labels[within(box)] == largest
        if part.sum() > SHEET * grey.size and is_sheet(part) and cv2.contourArea(hull_of(part)) < 0.97 * grey.size:
            on_sheet = list(_search_sheet(view, box, part, 0))
            whole = [one for one, _ in found if not (touches(one, view.shape) or _is_beside(one, box))]
            if on_sheet and (not found or len(whole) <= len(on_sheet) < len(found)):
                return on_sheet
    return found


def _is_beside(box: Box, sheet: Box) -> bool:
    """Whether the box begins where the sheet ends."""
    (left, top, right, bottom), (x0, y0, x1, y1) = box, sheet
    return any(abs(gap) <= 3 for gap in (left - x1, x0 - right, top - y1, y0 - bottom))


def _shrunk(pixels: np.ndarray, longest: int) -> tuple[np.ndarray, int]:
    return shrink(pixels, longest), -(-max(pixels.shape[:2]) // longest)


def _opaque(pixels: np.ndarray) -> np.ndarray:
    """The picture without its alpha channel: that is the ink where digits were drawn on a transparent canvas, and the
    outline of the picture where it is one solid block, a window with its shadow or a round portrait."""
    import cv2

    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels
    alpha, colours = pixels[..., 3], pixels[..., :3]
    block = (alpha > 0.9 * alpha.max()).astype(np.uint8)
    if block.mean() > 0.99 or alpha.max() < 16:
        return colours
    hull = hull_of(block)
    if block.sum() < 0.85 * cv2.contourArea(hull) or slimness(hull) > SLIM:
        return alpha
    inside = cv2.erode(block, np.ones((3, 3), np.uint8), borderValue=1).astype(bool)
    return np.where(inside[..., None], colours, np.median(colours[inside], axis=0).astype(np.uint8))


def _search(view: np.ndarray, depth: int = 0) -> Iterator[tuple[Box, Tensor]]:
    """The digits in float32 (H, W, channels), by their boxes."""
    try:
        ink = find_ink(view)
    except ValueError:
        return
    mask = without_lines((ink > 0.5).astype(np.uint8))
    parts, of_part = parts_of(mask)
    digits = []
    for number, box in parts:
        part = (of_part == number)[within(box)] & mask[within(box)].astype(bool)
        if depth < DEEPEST and max(part.shape) > SHEET * max(mask.shape) and is_sheet(part):
            yield from _search_sheet(view, box, part, depth)
        elif not is_furniture(part, box, mask.shape):
            digits.append((box, part))
    for box, part in merged(digits):
        try:
            image = as_mnist(ink[within(box)] * grown(part))
        except ValueError:  # a dot
            continue
        yield box, image


def _search_sheet(view: np.ndarray, box: Box, part: np.ndarray, depth: int) -> Iterator[tuple[Box, Tensor]]:
    """The digits on a sheet, for which what lies around it is painted in the sheet's colour."""
    import cv2

    whole = cv2.fillConvexPoly(np.zeros(part.shape, np.uint8), hull_of(part), 1)
    inside = cv2.erode(whole, np.ones((7, 7), np.uint8), borderValue=0).astype(bool)
    inner = view[within(box)]
    if not (inside & part).any():
        return
    paper = np.median(inner[inside & part], axis=0)
    for (left, top, right, bottom), image in _search(np.where(inside[..., None], inner, paper), depth + 1):
        yield (left + box[0], top + box[1], right + box[0], bottom + box[1]), image


def _fills(found: list[tuple[Box, Tensor]], shape: tuple[int, ...]) -> bool:
    """Whether there is one digit, and it reaches from edge to edge."""
    (left, top, right, bottom), height, width = found[0][0], *shape[:2]
    return len(found) == 1 and right - left > 0.96 * width and bottom - top > 0.96 * height


def _search_cropped(view: np.ndarray) -> list[tuple[Box, Tensor]]:
    """The digit in a picture that was cropped so closely that its edges show no paper, or less paper than ink."""
    grey = view.mean(2) if view.shape[2] < 4 else view[..., 0]
    room = max(view.shape[:2]) // 4
    attempts = []
    for colour in (np.percentile(grey, 98), np.percentile(grey, 2)):
        padded = np.pad(view, ((room, room), (room, room), (0, 0)), constant_values=colour)
        found = [
            (
                (max(x0 - room, 0), max(y0 - room, 0), min(x1 - room, view.shape[1]), min(y1 - room, view.shape[0])),
                image,
            )
            for (x0, y0, x1, y1), image in _search(padded, DEEPEST)
        ]
        if found:
            attempts.append(found)
    return min(attempts, key=len, default=[])


def _in_reading_order(found: list[tuple[Box, Tensor]]) -> list[tuple[Box, Tensor]]:
    """Line by line, from left to right: a digit whose middle is beside the one before is on the same line."""
    lines: list[list[tuple[Box, Tensor]]] = []
    for one in sorted(found, key=lambda one: one[0][1] + one[0][3]):
        middle = (one[0][1] + one[0][3]) / 2
        if lines and lines[-1][-1][0][1] < middle < lines[-1][-1][0][3]:
            lines[-1].append(one)
        else:
            lines.append([one])
    return [one for line in lines for one in sorted(line, key=lambda one: one[0][0])]
