"""A picture file, from anyone -> pixels; and images -> picture files."""

import io
import warnings
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from PIL import Image, ImageOps, ImageSequence, features
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from advdemo.images.greys import as_bytes

# By name: Pillow knows many more, some of which decode before they tell their size, or start other programs.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", *(("AVIF",) if features.check("avif") else ()))
MAX_SIDE = 1000  # pixels; what is larger is shrunk
MAX_FRAMES = 50  # of a moving picture: where the first shows nothing, one of these may
SCALE = 10  # of the pictures written: 280x280
RAISED, LOWERED = (138, 79, 109), (30, 122, 116)  # the page's colours for pixels made brighter and darker
MARK = "advdemo"  # the text in a PNG whose pixels, perhaps enlarged, are a network's input as they stand
END_OF_JPEG = b"\xff\xd9"


class Picture(NamedTuple):
    """What `open_picture` reads."""

    pixels: np.ndarray  # uint8 (H, W, 4), straight alpha
    exact: bool  # written by this package: these 28 x 28 greys are an image in MNIST's form
    cut: bool  # the end of the file is missing, and with it a part of the picture


def read_picture(
    source: Path | BinaryIO, *, name: str, formats: tuple[str, ...] = FORMATS, max_megapixels: int = 50
) -> np.ndarray:
    """The pixels that `open_picture` gives."""
    return open_picture(source, name=name, formats=formats, max_megapixels=max_megapixels).pixels


def open_picture(
    source: Path | BinaryIO, *, name: str, formats: tuple[str, ...] = FORMATS, max_megapixels: int = 50
) -> Picture:
    """A picture in one of these formats, the right way up, with sides of at most MAX_SIDE pixels; `name` is what error
    messages call it. Of a moving picture, the first frame that is not all of one colour; of a JPEG whose end is
    missing, what is there.

    Raises:
        ValueError: not a picture, a damaged one, or one of more than `max_megapixels`, which is not decoded.
        OSError: a path that cannot be read.
    """
    if isinstance(source, Path):
        content = source.read_bytes()
    else:
        source.seek(0)
        content = source.read()
    try:
        return _decode(_without_texts(content), formats, max_megapixels)
    except Image.DecompressionBombError:
        raise ValueError(f"{name} has more than {max_megapixels} megapixels: shrink it first") from None
    except Exception as error:  # Pillow's decoders raise all kinds on damaged files
        if content.startswith(b"\xff\xd8") and "truncated" in str(error):
            return open_picture(
                io.BytesIO(content + END_OF_JPEG), name=name, formats=formats, max_megapixels=max_megapixels
            )._replace(cut=True)
        raise ValueError(f"{name} is not a picture that can be read: try a PNG or a JPEG") from error


def _decode(content: bytes, formats: tuple[str, ...], max_megapixels: int) -> Picture:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit here is lower
        picture: Image.Image = Image.open(io.BytesIO(content), formats=formats)
    if picture.width * picture.height > max_megapixels * 1_000_000:
        raise Image.DecompressionBombError
    exact = MARK in picture.info and picture.width == picture.height and picture.width % 28 == 0
    picture.draft("RGB", (MAX_SIDE, MAX_SIDE))  # decodes a large JPEG at a fraction of its size
    picture = ImageOps.exif_transpose(_first_shown(picture))
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = Image.fromarray(_in_256_greys(np.asarray(picture)))  # Pillow would clip them, not scale them
    picture = picture.convert("RGBA")
    if exact:
        picture = picture.resize((28, 28), Image.Resampling.NEAREST)
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    return Picture(np.asarray(picture), exact, cut=False)


def _first_shown(picture: Image.Image) -> Image.Image:
    """The first frame on which there is anything to see."""
    if getattr(picture, "n_frames", 1) > 1:
        for number, frame in enumerate(ImageSequence.Iterator(picture)):
            if number == MAX_FRAMES:
                break
            if (np.ptp(np.asarray(frame.convert("RGBA")), axis=(0, 1)) > 0).any():
                return frame.copy()
        picture.seek(0)
    return picture


def _in_256_greys(values: np.ndarray) -> np.ndarray:
    """Whole numbers or fractions as uint8, by the range that they seem to be in: 0 to 1, 255 or 65,535."""
    values = np.nan_to_num(values.astype(np.float32))
    largest = values.max(initial=0)
    scale = 255 if largest <= 1 else 1 if largest <= 255 else 1 / 257
    return (values * scale).round().clip(0, 255).astype(np.uint8)


def _without_texts(content: bytes) -> bytes:
    """A PNG without its texts, of which Pillow takes only so many; this package's mark and EXIF stay."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return content
    kept, place = [content[:8]], 8
    while place < len(content):
        length, kind = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8]
        chunk = content[place : place + 12 + length]
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or chunk[8:].startswith(
            (MARK.encode() + b"\0", b"Raw profile type")
        ):
            kept.append(chunk)
        place += 12 + length
    return b"".join(kept)


def mark() -> PngInfo:
    """What to save a PNG with, as `pnginfo`, so that it is read back to the last bit."""
    info = PngInfo()
    info.add_text(MARK, "28 x 28 pixels in MNIST's form, perhaps enlarged")
    return info


def write_picture(image: Tensor, path: Path) -> None:
    """Write one image (28 x 28 values in [0, 1], in any shape) as a PNG ten times as large, marked as such: it is read
    back to the last of its 256 greys."""
    _write(as_bytes(image.view(28, 28)), path, pnginfo=mark())


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


def _write(pixels: np.ndarray, path: Path, **how: Any) -> None:
    size = (28 * SCALE, 28 * SCALE)
    Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST).save(path, **how)
