"""Explore: one digit, its perturbation at every epsilon, what a network makes of it; or two such, side by side.

The browser holds all state. What it cannot compute itself (web/explore/local.js) it asks for: one request for each
digit, label, attack or network brings a whole scan, and moving the slider sends none.
"""

from typing import Any

from advdemo.attacks import ATTACKS
from advdemo.measures.scan import scan
from advdemo.ui.requests import ScanRequest
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.digits import Watched, find_aim, read_digit
from advdemo.ui.work.threads import Check


async def scan_digit(service: Service, visitor: Visitor, request: ScanRequest) -> dict[str, Any]:
    """`scan_sides` in the threads for its attacks."""
    quick = all(ATTACKS[side.attack].quick for side in request.sides)
    threads = service.quick if quick else service.slow
    return await threads.run(visitor, "scan", lambda check: scan_sides(service, request, check))


def scan_sides(service: Service, request: ScanRequest, check: Check = lambda: None) -> dict[str, Any]:
    """The scans of a digit, as the page draws them: {"index", "label", "label_source", "realness": 0..1 where
    generated, "image": uint8 (28, 28), "sides"}, each side {"target", "taken", "flip", "sign": int8 (28, 28) or None,
    "frames": uint8 (101, 28, 28) where there is no one sign, "zero", "probabilities": float32 (101, 10)}. A target that
    the network reads already is `taken`: there is nothing to attack.
    """
    networks = [service.networks.pick(side.network, request.weights) for side in request.sides]
    digit = read_digit(service, request, networks[0])
    sides = []
    for side, network in zip(request.sides, networks, strict=True):
        aim, targeted, taken = find_aim(network, digit, side.target)
        result = scan(Watched(network, check), digit.image, aim, targeted=targeted, attack=side.attack)
        sides.append(
            {
                "target": aim if targeted else None,
                "taken": taken,
                "flip": result.flip_epsilon,
                "sign": result.sign,
                "frames": result.images if result.sign is None else None,
                "zero": not (result.images != result.images[0]).any(),
                "probabilities": result.probabilities,
            }
        )
    known = {"index": digit.index, "label": digit.label, "label_source": digit.source, "realness": digit.realness}
    return known | {"image": result.images[0], "sides": sides}
