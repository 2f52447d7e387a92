"""Heavy work, for worker processes: each job yields its messages as plain values. Networks come as the bytes of their
checkpoints; the images are read here, so that no other process holds them."""

from functools import cache

from torch import Tensor, nn

from advdemo.images.mnist import load_mnist
from advdemo.measures.sweep import sweep_stream
from advdemo.networks.checkpoint import parse_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.networks.guest import Guest
from advdemo.networks.predict import freeze, pick_device

SECONDS_BETWEEN_UPDATES = 0.1
Network = bytes | Guest  # as `networks.for_job` has it


@cache
def test_images() -> tuple[Tensor, Tensor]:
    """The test images and their labels."""
    return load_mnist("test")


def warm_up() -> None:
    """Do what costs time once: the imports of this module, the test images, torch's first steps on the device."""
    images, labels = test_images()
    model = freeze(FastLeNet()).to(pick_device())
    for _ in sweep_stream(model, images[:500], labels[:500], [0.1]):
        pass


def unpack(network: Network) -> nn.Module:
    """The network in a checkpoint's bytes, or a guest, on the device to compute on."""
    if isinstance(network, Guest):
        return network
    return parse_checkpoint(network, "the network")[0].to(pick_device())
