"""The weights with which the browser computes a LeNet itself, once for each network."""

from torch import nn

from advdemo.networks.fast import FastLeNet
from advdemo.networks.lenet import LeNet
from advdemo.ui.service import Service
from advdemo.ui.service.networks import pack


def keep_weights(service: Service) -> dict[str, str]:
    """Where the weights of each shipped LeNet are to be had: by the network's name the address of a safetensors file,
    relative to the page, with ten float32 arrays by their names."""
    shipped = service.networks.shipped.items()
    return {name: service.kept.keep(pack(network), ".safetensors") for name, network in shipped if is_lenet(network)}


def is_lenet(network: nn.Module) -> bool:
    """Whether `LeNet.forward` is what the network computes: no wrapper of it, none of other layers."""
    return type(network) in (LeNet, FastLeNet)
