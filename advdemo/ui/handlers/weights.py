"""The weights with which the browser computes a LeNet's every number itself, once for each network."""

from typing import Any

from torch import nn

from advdemo.networks.fast import FastLeNet
from advdemo.networks.lenet import LeNet
from advdemo.ui.requests import OfNetwork
from advdemo.ui.server.errors import RefusalError, shown
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.networks import pack


def keep_weights(service: Service) -> dict[str, str]:
    """Where the weights of each shipped LeNet are to be had: by the network's name the address of a safetensors file,
    relative to the page, with ten float32 arrays by their names."""
    shipped = service.networks.shipped.items()
    return {name: service.kept.keep(pack(network), ".safetensors") for name, network in shipped if is_lenet(network)}


async def send_weights(service: Service, visitor: Visitor, request: OfNetwork) -> dict[str, Any]:
    """{"parameters": ten float32 arrays, weight and bias of each of LeNet's layers in their order, 61,706 values}.
    RefusalError for a network of other layers."""
    return await service.quick.run(visitor, "weights", lambda superseded: weights_of(service, request))


def weights_of(service: Service, request: OfNetwork) -> dict[str, Any]:
    """`send_weights` where it is done."""
    network = service.networks.pick(request.network, request.weights)
    if not is_lenet(network):
        raise RefusalError("inside.other_layers", network=shown(request.network))
    return {"parameters": [value.cpu().numpy() for value in network.state_dict().values()]}


def is_lenet(network: nn.Module) -> bool:
    """Whether `LeNet.forward` is what the network computes: no wrapper of it, none of other layers."""
    return type(network) in (LeNet, FastLeNet)
