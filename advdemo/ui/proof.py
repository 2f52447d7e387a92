"""Proof on the Explore tab: how far a digit is sure to be read as its label, whatever the attack.

A fifth of a second of one core for most digits, so that it comes after the scan, in a lane of its own where it holds up
nothing else; what has been proved is remembered, for a class to share.
"""

from collections import OrderedDict
from functools import partial

from torch import Tensor, nn

from advdemo.measures.bounds import certified_epsilon, check_network
from advdemo.ui.explore import read_digit
from advdemo.ui.lanes import Superseded
from advdemo.ui.questions import check_sides
from advdemo.ui.replies import SupersededError
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor

REMEMBERED = 4096
Proofs = OrderedDict[tuple[str, int, bytes], float]


async def prove_digit(service: Service, visitor: Visitor, question: dict) -> dict:
    """For a question as the Explore tab asks it: {"sides": [{"proved": epsilon, or None for a network of other layers
    than a LeNet's}]}; 0.0 where the digit is misread, or nothing can be proved."""
    return await service.proofs.run(visitor, "prove", partial(_prove, service, question))


def _prove(service: Service, question: dict, superseded: Superseded) -> dict:
    sides = check_sides(question)
    names = [side.get("model") for side in sides]
    networks = [service.models.pick(name, question.get("weights")) for name in names]
    digit = read_digit(service.models, service.images, service.labels, question, networks[0], service.pairs)
    proved = []
    for name, network in zip(names, networks, strict=True):
        if superseded():
            raise SupersededError("errors.superseded")
        proved.append(proved_epsilon(service.proved, name, network, digit.image, digit.label))
    return {"sides": [{"proved": epsilon} for epsilon in proved]}


def proved_epsilon(proved: Proofs, name: object, network: nn.Module, image: Tensor, label: int) -> float | None:
    """`certified_epsilon`, from or for what is `proved` already; None for a network that it is not for."""
    try:
        check_network(network)
    except ValueError:
        return None
    key = str(name or "standard"), label, image.cpu().numpy().tobytes()
    if key not in proved:
        proved[key] = certified_epsilon(network, image, label)
        while len(proved) > REMEMBERED:
            proved.popitem(last=False)
    return proved[key]
