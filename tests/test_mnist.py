import gzip
import hashlib
import shutil

import pytest
import torch
from torchvision.datasets import MNIST

from advdemo.images import mnist as data
from advdemo.images.mnist import ARCHIVES, MNIST_DIR, load_mnist

COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}


@pytest.fixture
def archives(tmp_path, monkeypatch):
    """A copy of the test archives, to break."""
    for name in ARCHIVES["test"]:
        shutil.copy(MNIST_DIR / name, tmp_path)
    monkeypatch.setattr(data, "MNIST_DIR", tmp_path)
    return tmp_path


@pytest.fixture
def no_network(monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])  # where nobody answers


@pytest.mark.parametrize(("name", "md5"), MNIST.resources)
def test_the_archives_are_the_published_ones(name, md5):
    assert hashlib.md5((MNIST_DIR / name).read_bytes()).hexdigest() == md5


@pytest.mark.parametrize("split", ["train", "test"])
def test_shapes_ranges_and_counts(split):
    images, labels = load_mnist(split)
    assert images.shape == (sum(COUNTS[split]), 1, 28, 28)
    assert images.dtype == torch.float32
    assert (images.min(), images.max()) == (0.0, 1.0)
    assert labels.dtype == torch.int64
    assert labels.bincount().tolist() == COUNTS[split]


def test_pixels_are_the_published_bytes_over_255(mnist_test):
    images, labels = mnist_test
    published = gzip.decompress((MNIST_DIR / ARCHIVES["test"][0]).read_bytes())[16:]
    assert (images * 255).round().byte().numpy().tobytes() == published
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_unknown_split():
    with pytest.raises(ValueError, match="unknown MNIST split 'validation': use 'train' or 'test'"):
        load_mnist("validation")


def test_missing_archive(archives):
    (archives / ARCHIVES["test"][1]).unlink()
    with pytest.raises(FileNotFoundError, match=r"t10k-labels-idx1-ubyte\.gz is missing: restore it with `git"):
        load_mnist("test")


def _truncate(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flip_a_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


BROKEN = {
    "truncated": _truncate,
    "one bit flipped": _flip_a_bit,
    "empty": lambda content: b"",
    "not gzip": lambda content: gzip.decompress(content),
    "seven bytes": lambda content: gzip.compress(b"\0\0\x08\3\0\0\0"),
    "fewer images than its header says": lambda content: gzip.compress(gzip.decompress(content)[:-784]),
    "labels in its place": lambda content: (MNIST_DIR / ARCHIVES["test"][1]).read_bytes(),
    "the training images in its place": lambda content: (MNIST_DIR / ARCHIVES["train"][0]).read_bytes(),
}


@pytest.mark.parametrize("break_it", BROKEN.values(), ids=BROKEN)
def test_broken_archive(archives, break_it):
    path = archives / ARCHIVES["test"][0]
    path.write_bytes(break_it(path.read_bytes()))
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\.gz .*restore it with `git checkout"):
        load_mnist("test")


@pytest.mark.usefixtures("no_network")
def test_another_root_with_the_archives(tmp_path, mnist_test):
    shutil.copytree(MNIST_DIR, tmp_path / "MNIST" / "raw")
    images, labels = load_mnist("test", tmp_path)
    assert torch.equal(images, mnist_test[0])
    assert torch.equal(labels, mnist_test[1])


def test_another_root_already_extracted(small_mnist, mnist_test):
    images, labels = load_mnist("train", small_mnist)
    assert torch.equal(images, mnist_test[0][200:1200])
    assert torch.equal(labels, mnist_test[1][200:1200])


@pytest.mark.usefixtures("no_network")
def test_another_root_without_data(tmp_path):
    with pytest.raises(FileNotFoundError, match="(?s)no whole MNIST in .*choose another folder"):
        load_mnist("test", tmp_path)


@pytest.mark.parametrize("break_it", [_truncate, lambda content: b"", lambda content: b"\xff" + content])
def test_another_root_with_a_broken_file(small_mnist, tmp_path, break_it):
    shutil.copytree(small_mnist, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    path.write_bytes(break_it(path.read_bytes()))
    with pytest.raises(FileNotFoundError, match="(?s)no whole MNIST in .*choose another folder"):
        load_mnist("test", tmp_path)


def laid_out(folder, place, name, zipped):
    """The test half alone, under such names."""
    (folder / place).mkdir(parents=True, exist_ok=True)
    for archive in ARCHIVES["test"]:
        content = (MNIST_DIR / archive).read_bytes()
        path = folder / place / name(archive.removesuffix(".gz"))
        if zipped:
            path.with_name(path.name + ".gz").write_bytes(content)
        else:
            path.write_bytes(gzip.decompress(content))


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", [str, lambda plain: plain.replace("-idx", ".idx")], ids=["dashes", "dots"])
@pytest.mark.parametrize("place", ["", "raw", "MNIST/raw"])
def test_folders_as_people_keep_them(place, name, zipped, tmp_path, mnist_test):
    laid_out(tmp_path, place, name, zipped)
    images, labels = load_mnist("test", tmp_path)
    assert torch.equal(images, mnist_test[0])
    assert torch.equal(labels, mnist_test[1])
    assert torch.equal(load_mnist("test", tmp_path / place)[1], mnist_test[1])


@pytest.mark.usefixtures("no_network")
def test_what_was_looked_for_is_named(tmp_path):
    laid_out(tmp_path, "", str, True)
    with pytest.raises(
        FileNotFoundError, match=r"(?s)no whole MNIST in .*train-images-idx3-ubyte.gz and train-labels.*raw"
    ):
        load_mnist("train", tmp_path)
