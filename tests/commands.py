"""What commands leave and say."""

import numpy as np
from PIL import Image


def pixels_of(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def refused(result, message: str) -> bool:
    """Whether the command said just one sentence on stderr, with `message` in it, and failed."""
    said = " ".join(result.stderr.replace("│", " ").split())
    return result.exit_code in (1, 2) and result.stdout == "" and message in said and "Traceback" not in said
