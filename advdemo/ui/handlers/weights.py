"""The weights with which the browser computes a LeNet itself, once for each network."""

import hashlib
from typing import NamedTuple

from torch import nn

from advdemo.networks.fast import FastLeNet
from advdemo.networks.lenet import LeNet
from advdemo.ui.service import Service
from advdemo.ui.service.networks import pack

WEIGHTS = "web/weights"  # relative to the page


class WeightsFile(NamedTuple):
    """A LeNet's weights, ten float32 arrays by their names, as safetensors."""

    name: str  # the SHA-256 of the content, ".safetensors"
    content: bytes

    @property
    def address(self) -> str:
        """Relative to the page."""
        return f"{WEIGHTS}/{self.name}"


def weights_files(service: Service) -> dict[str, WeightsFile]:
    """The weights of each shipped network that is a LeNet, by the network's name; equal in all replicas."""
    files = {name: pack(network) for name, network in service.networks.shipped.items() if is_lenet(network)}
    return {
        name: WeightsFile(f"{hashlib.sha256(content).hexdigest()}.safetensors", content)
        for name, content in files.items()
    }


def is_lenet(network: nn.Module) -> bool:
    """Whether `LeNet.forward` is what the network computes: no wrapper of it, none of other layers."""
    return type(network) in (LeNet, FastLeNet)
