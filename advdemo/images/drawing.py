"""A drawing or picture of one digit, any size and polarity -> the 28x28 pixels that a network trained on MNIST knows.

The ink is what stands out from the border, or what is opaque on a transparent canvas. Its strokes are made as wide as
MNIST's, for people draw large with a thin pen and small with a thick one; then it is placed as MNIST's makers did
(LeCun et al., 1998): the longest side brought to 20 pixels by area, the centre of mass to the middle.
Knows nothing of networks, files or pages.
"""

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

SIZE, DIGIT = 28, 20  # pixels: the image's side, the digit's longest side
PEN = 0.11  # stroke width over longest side: MNIST's median
SOLID = 0.36  # the same, above which ink is a dot or a block: a disc has 0.42, a bar of 2 to 1 has 0.34
MAX_PIXELS = 1 << 24  # of a canvas: 4096 x 4096
VIEW, WORK = 400, 100  # pixels: the longest sides at which ink is sought on the canvas, and strokes are changed
MIN_CONTRAST = 16  # grey levels between ink and paper
MIN_CLARITY = 5  # the same over the paper's median deviation: 3.6 to 4.1 in blank noise, over 6 in a blurred photo

NO_INK = "there is no ink to see: draw a digit that is clearly darker or lighter than its background"
SEVERAL = "there is more than one digit: crop the picture to one of them"
NO_STROKE = "the ink is a solid dot or block: draw a digit with strokes thinner than a quarter of its height"


def to_mnist(canvas: np.ndarray) -> Tensor:
    """Bring a drawn or pictured digit into MNIST's form.

    Args:
        canvas: uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA (straight alpha), at most 2**24 pixels. Dark on light
            or light on dark, evenly lit or not. Where over a tenth is transparent, the ink is all that is opaque.

    Returns:
        float32 (1, 28, 28) in [0, 1], in steps of 1/255, ink is 1: the digit's longest side is 20 pixels, its centre of
        mass as near the middle as it can be with nothing cut off.

    Raises:
        ValueError: another type, shape or size; no ink (one colour all over, noise, nothing opaque); nothing but a dot
            or a solid block; or two digits side by side, which `photo.find_digits` takes apart.
    """
    check_canvas(canvas)
    ink = find_ink(shrink(canvas, VIEW))
    from advdemo.images.parts import are_several  # OpenCV

    if are_several(ink):
        raise ValueError(SEVERAL)
    return as_mnist(ink)


def as_mnist(ink: np.ndarray) -> Tensor:
    """One digit's ink, as `find_ink` gives it, in MNIST's form; ValueError for a solid dot or block."""
    return _place(_change_pen(_work_mask(ink)))


def check_canvas(canvas: np.ndarray) -> None:
    """Raise ValueError unless `canvas` has a type, shape and size that `to_mnist` takes."""
    if not isinstance(canvas, np.ndarray) or canvas.dtype != np.uint8:
        got = canvas.dtype if isinstance(canvas, np.ndarray) else type(canvas).__name__
        raise ValueError(f"a canvas must be a uint8 array of pixels from 0 to 255, got {got}")
    if canvas.ndim not in (2, 3) or canvas.shape[2:] not in ((), (3,), (4,)) or canvas.size == 0:
        raise ValueError(f"a canvas must be (H, W), (H, W, 3) or (H, W, 4) and not empty, got {canvas.shape}")
    if canvas.shape[0] * canvas.shape[1] > MAX_PIXELS:
        raise ValueError(f"a canvas may have at most {MAX_PIXELS} pixels, got {canvas.shape[:2]}: scale it down first")


def shrink(canvas: np.ndarray, longest: int) -> np.ndarray:
    """The canvas as float32 (H, W, channels), averaged in blocks (alpha is their weight) if a side has more than
    `longest` pixels, without the channels that say nothing."""
    factor = -(-max(canvas.shape[:2]) // longest)
    pixels = np.atleast_3d(np.asarray(Image.fromarray(canvas).reduce(factor)) if factor > 1 else canvas)
    if pixels.shape[2] == 4 and pixels[..., 3].min() == 255:
        pixels = pixels[..., :3]
    if pixels.shape[2] == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., :1]
    return pixels.astype(np.float32)


def find_ink(pixels: np.ndarray) -> np.ndarray:
    """How much each of the pixels that `shrink` gives is ink, float32 (H, W): 0 is the mean of the paper, 1 that of the
    ink. ValueError where there is none."""
    see_through = pixels.shape[2] == 4 and (pixels[..., 3] < MIN_CONTRAST).mean() > 0.1
    contrast = pixels[..., 3] if see_through else _contrast(pixels)
    paper, ink = _split(contrast)
    noise = np.median(abs(contrast[contrast <= (paper + ink) / 2] - paper))
    if ink - paper < max(MIN_CONTRAST, MIN_CLARITY * noise):
        raise ValueError(NO_INK)
    return (contrast - paper) / (ink - paper)


def _contrast(pixels: np.ndarray) -> np.ndarray:
    """How far each pixel is from the paper's colour there towards the ink's, in grey levels."""
    y, x = np.ix_(*(np.linspace(-1, 1, side, dtype=np.float32) for side in pixels.shape[:2]))
    frame = np.maximum(abs(y), abs(x)) > 0.9
    colours = pixels[..., :3]
    paper = np.median(colours[frame], axis=0)
    if pixels.shape[2] == 4:  # what is transparent shows the paper
        colours = paper + (colours - paper) * (pixels[..., 3:] / 255)
    away = abs(colours[frame] - paper).sum(axis=1)
    frame[frame] = away <= np.quantile(away, 0.7)  # the digit may touch the edge
    difference = _even_light(colours, frame)
    distance = np.einsum("hwc,hwc->hw", difference, difference)  # squared
    ink = difference[distance >= distance.max() / 4].mean(axis=0)
    contrast = difference @ (ink / max(np.linalg.norm(ink), 1) / len(ink) ** 0.5)
    for _ in range(2):
        contrast = _even_light(contrast[..., None], contrast <= sum(_split(contrast)) / 2)[..., 0]
    return contrast


def _even_light(pixels: np.ndarray, is_paper: np.ndarray) -> np.ndarray:
    """`pixels` (H, W, channels) less the slow change of light over the paper: less the nearest quadric."""
    y, x = np.ix_(*(np.linspace(-1, 1, side, dtype=np.float32) for side in is_paper.shape))
    terms = [np.ones_like(y + x), y, x, x * y, y * y, x * x]
    some = np.s_[:: -(-y.size // 50), :: -(-x.size // 50)]  # enough to fit, and fast
    paper = np.stack([np.broadcast_to(term, is_paper.shape)[some][is_paper[some]] for term in terms])
    # The normal equations: six by six, where a tall system would wake every thread of the machine.
    light = np.linalg.lstsq(paper @ paper.T, paper @ pixels[some][is_paper[some]], rcond=None)[0]
    return pixels - sum(factor * term[..., None] for factor, term in zip(light, terms, strict=True))


def _split(contrast: np.ndarray) -> tuple[float, float]:
    """The means of paper and ink, divided at the middle between the two (Ridler and Calvard, 1978)."""
    paper, ink = contrast.min(), contrast.max()
    if ink - paper < MIN_CONTRAST:
        raise ValueError(NO_INK)
    total = contrast.sum()
    for _ in range(5):
        is_ink = (contrast > (paper + ink) / 2).astype(np.float32)
        count, above = is_ink.sum(), np.vdot(is_ink, contrast)
        paper, ink = (total - above) / (contrast.size - count), above / count
    return float(paper), float(ink)


def _work_mask(ink: np.ndarray) -> np.ndarray:
    """The ink as a boolean mask with a longest side of WORK pixels, in a frame with room to grow."""
    ink = np.pad(_trim(ink, 0.5), 1)
    shape = [max(1, round(side * WORK / max(ink.shape))) for side in ink.shape]
    if max(ink.shape) > WORK / 2:  # maxima: a thin line would vanish in an average
        ink = F.adaptive_max_pool2d(torch.from_numpy(ink)[None], shape)[0].numpy()
    else:
        ink = np.asarray(Image.fromarray(ink).resize(shape[::-1], Image.Resampling.BILINEAR))
    return np.pad(ink > 0.5, WORK // 10)


def _trim(image: np.ndarray, level: float) -> np.ndarray:
    """`image` without the outer rows and columns in which nothing is above `level`."""
    rows, columns = (np.flatnonzero((image > level).any(axis)) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _change_pen(mask: np.ndarray) -> np.ndarray:
    """The mask with its strokes grown or worn down to a width of PEN times its longest side."""
    longest = max(_trim(mask, 0).shape)
    value = mask.astype(np.float32)
    # A stroke has two long edges, so its width is twice its area over the length of its outline.
    outline = np.hypot(np.diff(value, axis=0)[:, 1:], np.diff(value, axis=1)[1:]).sum()
    width = 2 * value.sum() / outline
    if width > SOLID * longest:
        raise ValueError(NO_STROKE)
    radius = (PEN * longest - width) / (2 - 2 * PEN)  # (width + 2 radius) / (longest + 2 radius) = PEN
    return _grow(mask, radius) if radius > 0 else ~_grow(~mask, -radius)


def _grow(mask: np.ndarray, radius: float) -> np.ndarray:
    """The mask and all within `radius` pixels of it, in the same frame."""
    reach = int(radius)
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disc = torch.from_numpy((y * y + x * x <= radius * radius).astype(np.float32))
    pixels = torch.from_numpy(mask.astype(np.float32))
    return F.conv2d(pixels[None, None], disc[None, None], padding=reach)[0, 0].numpy() > 0.5


def _place(mask: np.ndarray) -> Tensor:
    """The mask, scaled to DIGIT pixels by area and put with its centre of mass at the middle of the image."""
    mask = _trim(mask, 0)
    height, width = (max(1, round(side * DIGIT / max(mask.shape))) for side in mask.shape)
    digit = np.asarray(Image.fromarray(mask.astype(np.float32)).resize((width, height), Image.Resampling.BOX))
    top, left = (_start(digit.sum(axis)) for axis in (1, 0))
    image = np.zeros((1, SIZE, SIZE), np.float32)
    image[0, top : top + height, left : left + width] = np.round(digit / digit.max() * 255) / 255
    return torch.from_numpy(image)


def _start(mass: np.ndarray) -> int:
    """Where the rows or columns of `mass` begin, so that their centre is nearest to the middle and none is cut off."""
    centre = mass @ np.arange(len(mass)) / mass.sum()
    return int(np.clip(round(SIZE / 2 - centre), 0, SIZE - len(mass)))  # pixel 14, not the edge before it, as in MNIST
