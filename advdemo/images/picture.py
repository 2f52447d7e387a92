"""A picture file, from anyone -> pixels; and images -> picture files."""

import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps
from torch import Tensor

from advdemo.images.greys import as_bytes

# By name: Pillow knows many more, some of which decode before they tell their size, or start other programs.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MAX_SIDE = 1000  # pixels; what is larger is shrunk
SCALE = 10  # of the pictures written: 280x280
RAISED, LOWERED = (138, 79, 109), (30, 122, 116)  # the page's colours for pixels made brighter and darker


def read_picture(
    source: Path | BinaryIO, *, name: str, formats: tuple[str, ...] = FORMATS, max_megapixels: int = 50
) -> np.ndarray:
    """The first frame of a picture in one of these formats, the right way up; `name` is what error messages call it.

    Returns:
        uint8 (H, W, 4), straight alpha, with sides of at most MAX_SIDE pixels.

    Raises:
        ValueError: not a picture, a damaged one, or one of more than `max_megapixels`, which is not decoded.
        OSError: a path that cannot be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_picture(file, name=name, formats=formats, max_megapixels=max_megapixels)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit here is lower
            picture: Image.Image = Image.open(source, formats=formats)
        if picture.width * picture.height > max_megapixels * 1_000_000:
            raise Image.DecompressionBombError
        picture.draft("RGB", (MAX_SIDE, MAX_SIDE))  # decodes a large JPEG at a fraction of its size
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I;16"):  # Pillow would clip 16 bits, not scale them
            picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        picture = picture.convert("RGBA")
    except Image.DecompressionBombError:
        raise ValueError(f"{name} has more than {max_megapixels} megapixels: shrink it first") from None
    except Exception as error:  # Pillow's decoders raise all kinds on damaged files
        raise ValueError(f"{name} is not a picture that can be read: try a PNG or a JPEG") from error
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    return np.asarray(picture)


def write_picture(image: Tensor, path: Path) -> None:
    """Write one image (28 x 28 values in [0, 1], in any shape) as a PNG ten times as large."""
    _write(as_bytes(image.view(28, 28)), path)


def write_signs(change: Tensor, path: Path) -> None:
    """Write which of 28 x 28 pixels a perturbation raises and which it lowers."""
    colours = np.array([(0, 0, 0), RAISED, LOWERED], dtype=np.uint8)  # for 0, 1 and, counted from the end, -1
    _write(colours[change.view(28, 28).sign().long().cpu().numpy()], path)


def write_sheet(images: Tensor, path: Path, *, columns: int = 10, scale: int = 2) -> None:
    """Write images (N, 1, 28, 28) in [0, 1] as one PNG, in rows of `columns`."""
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * columns, 28, 28), dtype=np.uint8)
    sheet[: len(images)] = as_bytes(images[:, 0])
    pixels = sheet.reshape(rows, columns, 28, 28).swapaxes(1, 2).reshape(rows * 28, columns * 28)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).resize((columns * 28 * scale, rows * 28 * scale), Image.Resampling.NEAREST).save(path)


def _write(pixels: np.ndarray, path: Path) -> None:
    size = (28 * SCALE, 28 * SCALE)
    Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST).save(path)
