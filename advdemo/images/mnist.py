"""MNIST as two tensors.

The four official archives ship beside this file (`advdemo/images/mnist/`) and are read in memory: nothing is
extracted, downloaded or written. So is another folder that holds them, in any of the ways in which people keep them;
`torchvision.datasets.MNIST` downloads them into one that does not.
"""

import gzip
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Split = Literal["train", "test"]

MNIST_DIR = Path(__file__).parent / "mnist"
ARCHIVES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}

PLACES = ("", "raw", "MNIST/raw")  # in a folder, where people keep them
ELSEWHERE = "Leave the folder out to use the archives of this package, or choose another folder"


def load_mnist(split: Split, root: Path | None = None) -> tuple[Tensor, Tensor]:
    """Read one split of MNIST.

    Args:
        split: "train" (60,000 images) or "test" (10,000).
        root: a folder with the split's two files, gzipped or not, in itself, in `raw` or in `MNIST/raw`, also by names
            such as `train-images.idx3-ubyte`; what is missing is downloaded there. None reads the archives of this
            package.

    Returns:
        images: float32 (N, 1, 28, 28) in [0, 1], ink is 1; labels: int64 (N,) in 0..9.

    Raises:
        ValueError: unknown split, or an archive that is truncated or corrupt.
        FileNotFoundError: an archive is missing.
    """
    if split not in ARCHIVES:
        raise ValueError(f"unknown MNIST split {split!r}: use 'train' or 'test'")
    images_file, labels_file = ARCHIVES[split]
    if root is not None:
        found = [_find(Path(root), name) for name in ARCHIVES[split]]
        if found[0] is None or found[1] is None:
            return _load_with_torchvision(split, Path(root))
        try:
            return _as_tensors(_read_idx(found[0], dimensions=3), _read_idx(found[1], dimensions=1))
        except ValueError as error:
            raise FileNotFoundError(
                f"no whole MNIST in {root}: {str(error).partition(': ')[0]}. {ELSEWHERE}"
            ) from error
    images = _read_idx(MNIST_DIR / images_file, dimensions=3)
    labels = _read_idx(MNIST_DIR / labels_file, dimensions=1)
    if images.shape[1:] != (28, 28) or len(images) != len(labels):
        raise ValueError(f"{images_file} holds {images.shape}, {labels_file} {labels.shape}: {_remedy()}")
    return _as_tensors(images, labels)


def _find(root: Path, archive: str) -> Path | None:
    """A file of that name in one of PLACES, with or without .gz, with a dot or a dash before idx."""
    plain = archive.removesuffix(".gz")
    names = [name + ending for name in (plain, plain.replace("-idx", ".idx")) for ending in ("", ".gz")]
    return next((path for place in PLACES for name in names if (path := root / place / name).is_file()), None)


def _read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The bytes of one IDX archive: a big-endian header (magic 0x0000080d, an int32 a dimension), then uint8 values."""
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: {_remedy()}") from None
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is truncated or corrupt ({error}): {_remedy()}") from error
    start = 4 + 4 * dimensions
    header = np.frombuffer(content[:start].ljust(start), dtype=">i4")
    values = np.frombuffer(content[start:], dtype=np.uint8)
    if header[0] != 0x800 + dimensions or values.size != np.prod(header[1:]):
        raise ValueError(f"{path} is not the MNIST archive of that name: {_remedy()}")
    return values.reshape(header[1:])


def _remedy() -> str:
    return f"restore it with `git checkout -- advdemo/images/mnist`, or copy the official archives to {MNIST_DIR}"


def _load_with_torchvision(split: Split, root: Path) -> tuple[Tensor, Tensor]:
    from torchvision.datasets import MNIST

    try:
        dataset = MNIST(str(root), train=split == "train", download=True)
    except (OSError, RuntimeError, ValueError, TypeError, AssertionError, EOFError, zlib.error) as error:
        raise FileNotFoundError(
            f"no whole MNIST in {root}: looked for {' and '.join(ARCHIVES[split])}, also without .gz, in it, in "
            f"raw and in MNIST/raw; and it could not be downloaded there ({error}). {ELSEWHERE}"
        ) from error
    return _as_tensors(dataset.data.numpy(), dataset.targets.numpy())


def _as_tensors(images: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
    pixels = torch.from_numpy(images.astype(np.float32) / 255.0).unsqueeze(1)
    return pixels, torch.from_numpy(labels.astype(np.int64))
