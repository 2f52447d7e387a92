"""Pictures as programs send and get them: PNG data URLs, or rows of numbers from 0 (paper) to 1 (ink)."""

import base64
import io
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from advdemo.images.greys import as_bytes
from advdemo.images.photo import digit_in
from advdemo.images.picture import LOWERED, RAISED, mark, open_picture
from advdemo.ui.fields import PNG, SIDE, decoded
from advdemo.ui.server.errors import refusing


def parse_picture(picture: str | list[list[float]]) -> tuple[Tensor, bool]:
    """(float32 (1, 28, 28) in [0, 1], whether the end of its file is missing), of a data URL (or its base64 alone) of a
    PNG or JPEG with one digit, or of 28 rows of 28 numbers in 0..1.

    A picture of exactly 28 x 28 pixels is taken as MNIST has them, white ink on black, or turned so when it is dark on
    light. RefusalError for what is no picture, shows no digit or more than one.
    """
    if not isinstance(picture, str):
        return torch.tensor(picture, dtype=torch.float32)[None], False
    with refusing("api.bad_picture"):
        content = decoded(picture.rpartition(",")[2])
        opened = open_picture(io.BytesIO(content), name="it", formats=("PNG", "JPEG"), max_megapixels=4)
        return digit_in(opened), opened.cut


def as_png(image: Tensor | np.ndarray) -> str:
    """A data URL of one image, 28 x 28 values in [0, 1] in any shape, or uint8 (28, 28): rounded to 256 levels of grey,
    ink is white."""
    if isinstance(image, Tensor):
        image = as_bytes(image.reshape(SIDE, SIDE))
    return _encode(image, pnginfo=mark())


def bytes_as_png(text: str) -> str:
    """A data URL of 28 x 28 uint8 in base64, which is how jobs send images."""
    return _encode(np.frombuffer(base64.b64decode(text), np.uint8).reshape(SIDE, SIDE), pnginfo=mark())


def change_as_png(change: Tensor) -> str:
    """A data URL of what was added to 28 x 28 pixels, in the page's two colours, the largest at full strength."""
    values = change.reshape(SIDE, SIDE, 1).cpu().numpy()
    strength = np.abs(values) / max(float(np.abs(values).max()), 1e-9)
    colours = np.where(values > 0, np.array(RAISED, np.float32), np.array(LOWERED, np.float32))
    return _encode((strength * colours).round().astype(np.uint8))


def as_rows(image: Tensor) -> list[list[float]]:
    """28 rows of 28 numbers."""
    return image.reshape(SIDE, SIDE).tolist()


def _encode(pixels: np.ndarray, **how: Any) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **how)
    return PNG + base64.b64encode(file.getvalue()).decode()


def decode_png(url: str) -> Image.Image:
    """The picture in what `as_png` wrote."""
    return Image.open(io.BytesIO(base64.b64decode(url.removeprefix(PNG))))
