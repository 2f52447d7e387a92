"""Looking inside: the weights with which the browser computes a LeNet's every number itself, once for each network."""

from functools import partial

from torch import nn

from advdemo.networks.fast import FastLeNet
from advdemo.networks.lenet import LeNet
from advdemo.ui.lanes import Superseded
from advdemo.ui.replies import RefusalError, shown
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor


async def send_weights(service: Service, visitor: Visitor, question: dict) -> dict:
    """For {"model", "weights"} as in `Models.pick`: {"parameters": ten float32 arrays, weight and bias of each of
    LeNet's layers in their order, 61,706 values}. RefusalError for a network of other layers."""
    return await service.light.run(visitor, "weights", partial(_read, service, question))


def _read(service: Service, question: dict, superseded: Superseded) -> dict:
    name = question.get("model")
    network = service.models.pick(name, question.get("weights"))
    if not is_lenet(network):
        raise RefusalError("inside.other_layers", network=shown(name))
    return {"parameters": [value.cpu().numpy() for value in network.state_dict().values()]}


def is_lenet(network: nn.Module) -> bool:
    """Whether `LeNet.forward` is what the network computes: no wrapper of it, none of other layers."""
    return type(network) in (LeNet, FastLeNet)
