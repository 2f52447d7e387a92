"""The two ends of what is undecided in Explore: how far a digit is certified, and from where the strongest attack at
hand succeeds.

Either takes up to half a second of one core and is remembered, for a class to share. The page computes most proofs
itself; one it asks for runs in a thread of its own where it holds up nothing else. The attack is asked for, and runs in
the slow threads.
"""

import hashlib
from typing import Any

from torch import Tensor, nn

from advdemo.measures.bounds import certified_epsilon, check_network
from advdemo.measures.scan import EPSILONS, scan
from advdemo.measures.strongest import smallest_success
from advdemo.ui.requests import ScanRequest
from advdemo.ui.server.cache import Recent
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.digits import Digit, Watched, read_digit
from advdemo.ui.work.threads import Check

Key = tuple[str, int, bytes]  # a network, a label and the image's hash


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


async def narrow_digit(service: Service, visitor: Visitor, request: ScanRequest) -> dict[str, Any]:
    """{"sides": [{"strongest": the smallest epsilon at which the strongest attack succeeds, or None where it does not,
    or the digit is misread without}]}."""

    def work(check: Check) -> dict[str, Any]:
        networks = [service.networks.pick(side.network, request.weights) for side in request.sides]
        digit = read_digit(service, request, networks[0])
        found = [
            strongest_epsilon(service, side.network, network, digit, check)
            for side, network in zip(request.sides, networks, strict=True)
        ]
        return {"sides": [{"strongest": epsilon} for epsilon in found]}

    return await service.slow.run(visitor, "narrow", work)


def key_of(name: str, label: int, image: Tensor) -> Key:
    """What is remembered of an image and a network is found by."""
    return name, label, hashlib.blake2b(image.cpu().numpy().tobytes(), digest_size=16).digest()


def strongest_epsilon(service: Service, name: str, network: nn.Module, digit: Digit, check: Check) -> float | None:
    """`smallest_success` between what is proved already and where FGSM succeeds, remembered as well; None also for a
    digit that is misread without an attack."""
    key = key_of(name, digit.label, digit.image)
    if key not in service.strongest:
        flip = scan(network, digit.image, digit.label).flip_epsilon
        above, below = service.proved.get(key) or 0.0, EPSILONS[-1] if flip is None else flip
        found = None
        if above < below:
            found = smallest_success(Watched(network, check), digit.image, digit.label, above=above, below=below)
        service.strongest.put(key, found)
    return service.strongest.get(key)


def proved_epsilon(
    proved: Recent[Key, float],
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
    key = key_of(name, label, image)
    known = proved.get(key)
    return proved.put(key, certified_epsilon(network, image, label, on_step=check)) if known is None else known
