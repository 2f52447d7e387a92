"""Pixels as 256 levels of grey."""

import numpy as np
from torch import Tensor


def as_bytes(images: Tensor) -> np.ndarray:
    """Values in [0, 1] of any shape and on any device as uint8 of the same shape, to the nearest of 256 greys."""
    return (images * 255).round().byte().cpu().numpy()
