"""A photograph, scan or screenshot of any number of digits -> each of them as MNIST would have it.

`drawing` tells ink from paper; here OpenCV's lines and components tell which ink is a digit, and not a line of the
paper, a frame, the edge of the sheet, the desk beside it, or a stray dot. (OpenCV rather than scikit-image: it is
imported in 0.05 s instead of 0.75 s and needs NumPy alone.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from advdemo.images.drawing import SEVERAL, SIZE, as_mnist, check_canvas, find_ink, shrink, to_mnist
from advdemo.images.picture import Picture

VIEW, CROPPED = 1000, 400  # pixels: the longest side at which digits are sought, and one that fills the picture
SMALLEST = 8  # pixels of a digit's longest side there
MOST, MOST_PARTS = 100, 400  # digits in one picture, and parts of ink that are looked at
WHOLE = 0.9  # of the picture's width or height: the length of a line, a frame or an edge, at least
GAP = 0.6  # of a line: where a digit is written over it, at most
THIN = 0.012  # of the picture's longest side: the width of a line, at most
SMALL, FLAT = 0.3, 0.4  # of the largest digit's longest side: what is no higher is a stray dot, or a digit's bar
SOLID = 0.7  # of its convex hull: what a sheet or a desk fills; a digit's strokes fill half of it
SHEET = 0.2  # of the picture's longest side: a sheet's, at least
SLIM = 2.2  # length over width: a 1 fills its hull, too
DEEPEST = 3  # levels: a sheet on a desk in a frame

NO_DIGIT = "no digit stands out in the picture: write one in dark ink on plain paper and crop the picture to it"

Box = tuple[int, int, int, int]  # left, top, right, bottom


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
    if not found or (len(found) > 1 and any(_touches(box, view.shape) for box, _ in found)):
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
        part = labels[_in(box)] == largest
        if part.sum() > SHEET * grey.size and _is_sheet(part) and cv2.contourArea(_hull(part)) < 0.97 * grey.size:
            on_sheet = list(_search_sheet(view, box, part, 0))
            whole = [one for one, _ in found if not (_touches(one, view.shape) or _is_beside(one, box))]
            if on_sheet and (not found or len(whole) <= len(on_sheet) < len(found)):
                return on_sheet
    return found


def _is_beside(box: Box, sheet: Box) -> bool:
    """Whether the box begins where the sheet ends."""
    (left, top, right, bottom), (x0, y0, x1, y1) = box, sheet
    return any(abs(gap) <= 3 for gap in (left - x1, x0 - right, top - y1, y0 - bottom))


def _touches(box: Box, shape: tuple[int, ...]) -> int:
    """How many of the picture's edges."""
    return (box[0] == 0) + (box[1] == 0) + (box[2] == shape[1]) + (box[3] == shape[0])


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
    hull = _hull(block)
    if block.sum() < 0.85 * cv2.contourArea(hull) or _slimness(hull) > SLIM:
        return alpha
    inside = cv2.erode(block, np.ones((3, 3), np.uint8), borderValue=1).astype(bool)
    return np.where(inside[..., None], colours, np.median(colours[inside], axis=0).astype(np.uint8))


def _search(view: np.ndarray, depth: int = 0) -> Iterator[tuple[Box, Tensor]]:
    """The digits in float32 (H, W, channels), by their boxes."""
    try:
        ink = find_ink(view)
    except ValueError:
        return
    mask = _without_lines((ink > 0.5).astype(np.uint8))
    parts, of_part = _parts(mask)
    digits = []
    for number, box in parts:
        part = (of_part == number)[_in(box)] & mask[_in(box)].astype(bool)
        if depth < DEEPEST and max(part.shape) > SHEET * max(mask.shape) and _is_sheet(part):
            yield from _search_sheet(view, box, part, depth)
        elif not _is_furniture(part, box, mask.shape):
            digits.append((box, part))
    for box, part in _merge(digits):
        try:
            image = as_mnist(ink[_in(box)] * _grown(part))
        except ValueError:  # a dot
            continue
        yield box, image


def are_several(ink: np.ndarray) -> bool:
    """Whether there is plainly more than one digit in what `find_ink` gives: two of like height, side by side."""
    mask = _without_lines((ink > 0.5).astype(np.uint8))
    parts, of_part = _parts(mask)
    digits = [(box, (of_part == number)[_in(box)]) for number, box in parts]
    merged = list(_merge([one for one in digits if not _is_furniture(one[1], one[0], mask.shape)]))
    high = [box for box, part in merged if part.shape[0] > 0.6 * max(other.shape[0] for _, other in merged)]
    high.sort()
    return any(left[2] <= right[0] for left, right in pairwise(high))


def _in(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)


def _without_lines(mask: np.ndarray) -> np.ndarray:
    """The mask, uint8 of 0 and 1, without thin lines from one edge of the picture to the other; what crosses them
    stays whole."""
    import cv2

    thin = max(4, round(THIN * max(mask.shape)))
    for _ in range(2):  # lines across, then lines down
        width = mask.shape[1]
        pieces = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, max(9, width // 12)), np.uint8))
        thick = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thin + 1, 1), np.uint8))
        pieces[thick > 0] = 0
        linked = cv2.dilate(pieces, np.ones((2 * thin + 1, 1), np.uint8))  # also when it is not quite level
        linked = cv2.morphologyEx(linked, cv2.MORPH_CLOSE, np.ones((1, int(GAP * width)), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(linked)
        lines = np.zeros(mask.shape, bool)
        for number in np.flatnonzero(stats[1:, cv2.CC_STAT_WIDTH] > WHOLE * width) + 1:
            line = pieces.astype(bool) & (labels == number)
            columns = line.any(0)
            ends = columns[: int((1 - WHOLE) * width)].any() and columns[int(WHOLE * width) :].any()
            if ends and columns.mean() > 1 - GAP:
                lines |= line
        lines = cv2.dilate(lines.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        rest = np.where(lines, 0, mask).astype(np.uint8)
        crossed = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones((thin + 4, 1), np.uint8)) & mask
        mask = np.ascontiguousarray((rest | crossed).T)
    return mask


def _parts(mask: np.ndarray) -> tuple[list[tuple[int, Box]], np.ndarray]:
    """(The number and box of each connected part, int32 (H, W) that says which part a pixel is of): strokes that almost
    touch are one part, and dots much thinner than the strokes are none."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0  # the paper
    pen = _pen((area >= max(2, area.max() / 20))[labels])
    strokes = (area >= max(2, (pen / 2) ** 2))[labels].astype(np.uint8)
    reach = 2 * round(0.3 * pen) + 1
    joined = cv2.dilate(strokes, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    labels *= strokes
    boxes = []
    for number in np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:MOST_PARTS] + 1:
        left, top, width, height, _ = stats[number].tolist()
        x0, y0, x1, y1 = _box(labels[top : top + height, left : left + width] == number)
        boxes.append((int(number), (x0 + left, y0 + top, x1 + left, y1 + top)))
    return boxes, labels


def _pen(mask: np.ndarray) -> float:
    """The width of the strokes: twice their area over the length of their outline."""
    value = mask.astype(np.float32)
    outline = np.hypot(np.diff(value, axis=0)[:, 1:], np.diff(value, axis=1)[1:]).sum()
    return float(2 * value.sum() / max(outline, 1))


def _box(part: np.ndarray) -> Box:
    rows, columns = (np.flatnonzero(part.any(axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _hull(part: np.ndarray) -> Any:
    """The convex hull, around the pixels' outer corners."""
    import cv2

    contours, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    points = np.concatenate(contours)
    return cv2.convexHull(np.concatenate([points + corner for corner in ((0, 0), (0, 1), (1, 0), (1, 1))]))


def _slimness(hull: Any) -> float:
    import cv2

    sides = sorted(cv2.minAreaRect(hull)[1])
    return sides[1] / max(sides[0], 1)


def _is_sheet(part: np.ndarray) -> bool:
    """Whether the part may be a sheet of paper, a screen or the like: a block with straight sides and holes."""
    import cv2

    hull = _hull(part)
    area = cv2.contourArea(hull)
    (_, (width, height), _) = cv2.minAreaRect(hull)
    return bool(SOLID * area < part.sum() < 0.99 * area and area > 0.82 * width * height and _slimness(hull) < SLIM)


def _search_sheet(view: np.ndarray, box: Box, part: np.ndarray, depth: int) -> Iterator[tuple[Box, Tensor]]:
    """The digits on a sheet, for which what lies around it is painted in the sheet's colour."""
    import cv2

    whole = cv2.fillConvexPoly(np.zeros(part.shape, np.uint8), _hull(part), 1)
    inside = cv2.erode(whole, np.ones((7, 7), np.uint8), borderValue=0).astype(bool)
    inner = view[_in(box)]
    if not (inside & part).any():
        return
    paper = np.median(inner[inside & part], axis=0)
    for (left, top, right, bottom), image in _search(np.where(inside[..., None], inner, paper), depth + 1):
        yield (left + box[0], top + box[1], right + box[0], bottom + box[1]), image


def _is_furniture(part: np.ndarray, box: Box, shape: tuple[int, ...]) -> bool:
    """Whether the part is a desk, a shadow, a frame or what is left of a line, and no digit."""
    import cv2

    hull = _hull(part)
    area, (_, (width, height), _) = cv2.contourArea(hull), cv2.minAreaRect(hull)
    full, slim = part.sum() / area, _slimness(hull)
    if max(part.shape) < SMALLEST or slim > 15:
        return True
    if max(shape) < SLIM * min(shape):
        edges = [(part[0], box[1] == 0), (part[-1], box[3] == shape[0])]
        sides = [(part[:, 0], box[0] == 0), (part[:, -1], box[2] == shape[1])]
        along = [
            line.sum() / length for pair, length in ((edges, shape[1]), (sides, shape[0])) for line, at in pair if at
        ]
        if any(share > 0.7 for share in along) or (along and full > SOLID and slim < SLIM):
            return True
    # a frame: a ring with straight sides
    return full < 0.5 and area > 0.9 * width * height and _is_ring(part)


def _is_ring(part: np.ndarray) -> bool:
    middle = part[part.shape[0] // 5 : -part.shape[0] // 5 or None, part.shape[1] // 5 : -part.shape[1] // 5 or None]
    return not middle.any()


def _merge(digits: list[tuple[Box, np.ndarray]]) -> Iterator[tuple[Box, np.ndarray]]:
    """Put detached strokes, such as a 5's bar, to the digit that they belong to, and leave other small parts out."""
    if not digits:
        return
    largest = max(max(part.shape) for _, part in digits)
    whole = [one for one in digits if one[1].shape[0] > FLAT * largest]
    for box, part in digits:
        if part.shape[0] > FLAT * largest:
            continue
        for place, (other, strokes) in enumerate(whole):
            across = min(box[2], other[2]) - max(box[0], other[0])
            gap = max(box[1], other[1]) - min(box[3], other[3])
            if across > 0.4 * (box[2] - box[0]) and gap < 0.2 * strokes.shape[0] and part.sum() > 0.03 * strokes.sum():
                whole[place] = _union(other, strokes, box, part)
                break
        else:
            if part.shape[0] > SMALL * largest:
                whole.append((box, part))
    yield from whole


def _union(one: Box, part: np.ndarray, other: Box, another: np.ndarray) -> tuple[Box, np.ndarray]:
    box = (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))
    both = np.zeros((box[3] - box[1], box[2] - box[0]), bool)
    for (left, top, right, bottom), strokes in ((one, part), (other, another)):
        both[top - box[1] : bottom - box[1], left - box[0] : right - box[0]] |= strokes
    return box, both


def _grown(part: np.ndarray) -> np.ndarray:
    """The part and the soft edge of its strokes."""
    import cv2

    return cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8))


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
