"""Any picture file -> the pixels that `drawing.to_mnist` takes, with nothing in it trusted."""

import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

MAX_MEGAPIXELS = 50  # more is a decompression bomb, or a waste on 28x28 pixels
MAX_SIDE = 1000  # pixels; larger pictures are shrunk before they are searched for ink


def read_picture(
    file: Path | BinaryIO, *, name: str = "the picture", max_megapixels: float = MAX_MEGAPIXELS
) -> np.ndarray:
    """The first frame of a picture, upright, as uint8 (H, W, 4) with sides up to MAX_SIDE pixels.

    Args:
        file: a path or a binary stream.
        name: what error messages call it.
        max_megapixels: its header is read first, and a larger one is never decoded.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no picture, damaged, or too large.
    """
    if isinstance(file, Path) and not file.is_file():
        raise FileNotFoundError(f"no picture at {file}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # a smaller limit is set here
            picture = Image.open(file)
        if picture.width * picture.height > max_megapixels * 1_000_000:
            raise Image.DecompressionBombError
        picture.draft("RGB", (MAX_SIDE, MAX_SIDE))  # a large photo decodes at a fraction of its size
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I;16"):  # Pillow would clip 16 bits to 8
            picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        picture = picture.convert("RGBA")
    except Image.DecompressionBombError:
        raise ValueError(f"{name} is larger than {max_megapixels} megapixels: shrink it first") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ValueError(f"{name} is not a picture that can be read: try a PNG or JPEG") from error
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    return np.asarray(picture)
