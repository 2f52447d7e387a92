"""Heavy work, for worker processes: each job yields its messages as plain values. Networks come as the bytes of their
checkpoints, or a guest as it is, whose job the page's own process does; images are read here."""

from functools import cache

import torch
from torch import Tensor, nn

from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import parse_checkpoint
from advdemo.networks.guest import Guest
from advdemo.networks.predict import pick_device

SECONDS_BETWEEN_UPDATES = 0.1
PROOFS = torch.device("cpu")  # whatever else there is
Network = bytes | Guest  # as `for_job` has it


@cache
def test_images() -> tuple[Tensor, Tensor]:
    """The test images and their labels."""
    return load_mnist("test")


def unpack(network: Network, device: torch.device | None = None) -> nn.Module:
    """The network in a checkpoint's bytes, or a guest, on the device to compute on: None for `pick_device`'s."""
    if isinstance(network, Guest):
        return network
    return parse_checkpoint(network, "the network")[0].to(device or pick_device())
