"""What the test modules share: the real test set, the shipped network and a small MNIST in a folder of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import freeze
from advdemo.ui.service import Service
from advdemo.ui.service.networks import Networks
from advdemo.ui.service.pairs import Pairs, load_pairs
from tests.asker import Asker
from tests.running import ROOT, started_app, wait_until_served

CHECKPOINT = ROOT / "checkpoints" / "lenet.safetensors"
ROBUST_CHECKPOINT = CHECKPOINT.with_name("lenet-robust.safetensors")
CERTIFIED_CHECKPOINT = CHECKPOINT.with_name("lenet-certified.safetensors")


def pytest_configure() -> None:
    """Tests compare figures of the page, of its workers and of their own to the last digit: all are computed on the
    CPU, whatever the machine has. What CUDA makes of them, `tests.bench.cuda` measures."""
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    # Started in the background, pytest ignores Ctrl-C, and so would the programs that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n 2` each process begins with a half of the tests, in their order, and whoever is done takes half of what
    the other has left: what a module's tests share is made once, and both end together."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """On busy cores threads that wait for one another are slower than one."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def mnist_test() -> tuple[torch.Tensor, torch.Tensor]:
    """The 10,000 MNIST test images and their labels."""
    return load_mnist("test")


@pytest.fixture(scope="session")
def thousand(mnist_test) -> tuple[torch.Tensor, torch.Tensor]:
    """The first thousand of them: also a small real training set."""
    return mnist_test[0][:1000], mnist_test[1][:1000]


@pytest.fixture(scope="session")
def lenet() -> LeNet:
    """The shipped network, on the CPU."""
    return load_checkpoint(CHECKPOINT, "cpu")[0]


@pytest.fixture(scope="session")
def robust() -> LeNet:
    """The shipped network that was trained against PGD, on the CPU."""
    return load_checkpoint(ROBUST_CHECKPOINT, "cpu")[0]


@pytest.fixture(scope="session")
def certified() -> LeNet:
    """The shipped network that was trained to be proved, on the CPU."""
    return load_checkpoint(CERTIFIED_CHECKPOINT, "cpu")[0]


@pytest.fixture
def untrained() -> LeNet:
    """The fast LeNet with random weights, the same each time."""
    torch.manual_seed(0)
    return freeze(FastLeNet())


@pytest.fixture(scope="session")
def pairs() -> Pairs:
    """The shipped pairs of generator and discriminator."""
    return load_pairs(CHECKPOINT.parent)


@pytest.fixture(scope="session")
def service(lenet, robust, certified, mnist_test, pairs) -> Service:
    """What the page's handlers share, over the shipped networks."""
    return Service(Networks({"standard": lenet, "robust": robust, "certified": certified}), *mnist_test, pairs)


@pytest.fixture
def calibrated_briefly(monkeypatch):
    """A kept generator's batch norms are measured over 500 digits: twenty thousand take seconds."""
    monkeypatch.setattr("advdemo.training.gan.CALIBRATION", 500)


@pytest.fixture
def image():
    """One image: pixels (0, 0) and (0, 1) at 0.4 and 0.7, the rest at 0.5."""
    image = torch.full((1, 1, 28, 28), 0.5)
    image[0, 0, 0, :2] = torch.tensor([0.4, 0.7])
    return image


@pytest.fixture
def run(monkeypatch):
    """`python -m advdemo ARGUMENTS` from the repository's root, in this process."""
    from typer.testing import CliRunner

    from advdemo.cli import app

    monkeypatch.chdir(ROOT)

    def run(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)

    return run


@pytest.fixture
def seven(mnist_test, tmp_path):
    """A picture of test digit 0, a 7: dark ink on white paper, 280x280."""
    pixels = 255 - np.kron((mnist_test[0][0, 0] * 255).byte().numpy(), np.ones((10, 10), np.uint8))
    Image.fromarray(pixels).save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


@dataclass(frozen=True)
class App:
    url: str
    process: subprocess.Popen
    log: Path  # what it has written so far


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """`python app.py`, which takes as long to start as all of a file's tests: tests share it where they can."""
    log = tmp_path_factory.mktemp("app") / "log"
    with log.open("w") as written, started_app(log=written) as (port, process):
        try:
            wait_until_served(port, process)
        except AssertionError:
            print(log.read_text())
            raise
        yield App(f"http://127.0.0.1:{port}", process, log)


@pytest.fixture(scope="session")
def app_url(app) -> str:
    """Its address."""
    return app.url


@pytest.fixture
def visitor(app_url):
    """Makes visitors, who leave at the end: who waits before who is at work, or work would begin that nobody wants."""
    askers = []

    def come(page="page", address="8.8.8.8"):
        askers.append(Asker(app_url, page, address))
        return askers[-1]

    yield come
    for asker in reversed(askers):
        asker.close()


@pytest.fixture
def asker(visitor, request):
    return visitor(page=request.node.name[:60])


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory: pytest.TempPathFactory, mnist_test) -> Path:
    """A folder for `load_mnist`'s root with 1,000 training and 200 test images, as torchvision extracts them."""
    return write_mnist(tmp_path_factory.mktemp("small"), *mnist_test, train=1000, test=200)


def write_mnist(root: Path, images: torch.Tensor, labels: torch.Tensor, *, train: int, test: int) -> Path:
    """Write the first of these images as a test set, those after them as a training set; `root`."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, part in {"train": slice(test, test + train), "t10k": slice(0, test)}.items():
        write_idx(raw / f"{name}-images-idx3-ubyte", (images[part, 0] * 255).round().byte())
        write_idx(raw / f"{name}-labels-idx1-ubyte", labels[part].byte())
    return root


def write_idx(path: Path, values: torch.Tensor) -> None:
    """`values` uint8 as an IDX file: magic number and sizes as big-endian int32, then the bytes."""
    header = [0x800 + values.dim(), *values.shape]
    path.write_bytes(b"".join(number.to_bytes(4, "big") for number in header) + values.numpy().tobytes())
