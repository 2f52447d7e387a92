"""Which ink is a digit: connected parts of a mask, and not the lines of the paper, a frame, the edge of a sheet, the
desk beside it or a stray dot. OpenCV finds lines and components: it is imported in 0.05 s, scikit-image in 0.75 s, and
needs NumPy alone. It is imported with the first picture.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

SMALLEST = 8  # pixels of a digit's longest side at `photo.VIEW`
MOST_PARTS = 400  # of ink that are looked at
WHOLE = 0.9  # of the picture's width or height: the length of a line, a frame or an edge, at least
GAP = 0.6  # of a line: where a digit is written over it, at most
THIN = 0.012  # of the picture's longest side: the width of a line, at most
SMALL, FLAT = 0.3, 0.4  # of the largest digit's longest side: what is no higher is a stray dot, or a digit's bar
SOLID = 0.7  # of its convex hull: what a sheet or a desk fills; a digit's strokes fill half of it
SLIM = 2.2  # length over width: a 1 fills its hull, too

Box = tuple[int, int, int, int]  # left, top, right, bottom


def are_several(ink: np.ndarray) -> bool:
    """Whether there is plainly more than one digit in what `find_ink` gives: two of like height, side by side."""
    mask = without_lines((ink > 0.5).astype(np.uint8))
    parts, of_part = parts_of(mask)
    digits = [(box, (of_part == number)[within(box)]) for number, box in parts]
    whole = list(merged([one for one in digits if not is_furniture(one[1], one[0], mask.shape)]))
    high = [box for box, part in whole if part.shape[0] > 0.6 * max(other.shape[0] for _, other in whole)]
    return any(left[2] <= right[0] for left, right in pairwise(sorted(high)))


def without_lines(mask: np.ndarray) -> np.ndarray:
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


def parts_of(mask: np.ndarray) -> tuple[list[tuple[int, Box]], np.ndarray]:
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


def within(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)


def touches(box: Box, shape: tuple[int, ...]) -> int:
    """How many of the picture's edges."""
    return (box[0] == 0) + (box[1] == 0) + (box[2] == shape[1]) + (box[3] == shape[0])


def hull_of(part: np.ndarray) -> Any:
    """The convex hull, around the pixels' outer corners."""
    import cv2

    contours, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    points = np.concatenate(contours)
    return cv2.convexHull(np.concatenate([points + corner for corner in ((0, 0), (0, 1), (1, 0), (1, 1))]))


def slimness(hull: Any) -> float:
    import cv2

    sides = sorted(cv2.minAreaRect(hull)[1])
    return sides[1] / max(sides[0], 1)


def is_sheet(part: np.ndarray) -> bool:
    """Whether the part may be a sheet of paper, a screen or the like: a block with straight sides and holes."""
    import cv2

    hull = hull_of(part)
    area = cv2.contourArea(hull)
    (_, (width, height), _) = cv2.minAreaRect(hull)
    return bool(SOLID * area < part.sum() < 0.99 * area and area > 0.82 * width * height and slimness(hull) < SLIM)


def is_furniture(part: np.ndarray, box: Box, shape: tuple[int, ...]) -> bool:
    """Whether the part is a desk, a shadow, a frame or what is left of a line, and no digit."""
    import cv2

    hull = hull_of(part)
    area, (_, (width, height), _) = cv2.contourArea(hull), cv2.minAreaRect(hull)
    full, slim = part.sum() / area, slimness(hull)
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


def merged(digits: list[tuple[Box, np.ndarray]]) -> Iterator[tuple[Box, np.ndarray]]:
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


def grown(part: np.ndarray) -> np.ndarray:
    """The part and the soft edge of its strokes."""
    import cv2

    return cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8))
