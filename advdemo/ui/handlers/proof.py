"""Certified epsilons in Explore: how far a digit is read as its label, whatever the attack.

A fifth of a second of one core for most digits, so that it comes after the scan, in a thread of its own where it holds
up nothing else; what has been proved is remembered, for a class to share.
"""

from typing import Any

from torch import Tensor, nn

from advdemo.measures.bounds import certified_epsilon, check_network
from advdemo.ui.requests import ScanRequest
from advdemo.ui.server.cache import Recent
from advdemo.ui.server.threads import Check
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.digits import read_digit


async def prove_digit(service: Service, visitor: Visitor, request: ScanRequest) -> dict[str, Any]:
    """{"sides": [{"proved": epsilon, or None for a network of other layers than a LeNet's}]}; 0.0 where the digit is
    misread, or nothing can be proved."""

    def work(check: Check) -> dict[str, Any]:
        networks = [service.networks.pick(side.network, request.weights) for side in request.sides]
        digit = read_digit(service, request, networks[0])
        proved = []
        for side, network in zip(request.sides, networks, strict=True):
            proved.append(proved_epsilon(service.proved, side.network, network, digit.image, digit.label, check))
        return {"sides": [{"proved": epsilon} for epsilon in proved]}

    return await service.proofs.run(visitor, "prove", work)


def proved_epsilon(
    proved: Recent[tuple[str, int, bytes], float],
    name: str,
    network: nn.Module,
    image: Tensor,
    label: int,
    check: Check = lambda: None,
) -> float | None:
    """`certified_epsilon`, from or for what is `proved` already; None for a network that it is not for."""
    try:
        check_network(network)
    except ValueError:
        return None
    key = name, label, image.cpu().numpy().tobytes()
    known = proved.get(key)
    return proved.put(key, certified_epsilon(network, image, label, on_step=check)) if known is None else known
