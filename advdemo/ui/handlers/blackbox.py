"""The black box in Explore: an attack by queries alone, as a film of every picture that brought it on.

The search takes a second or two of one core. It is answered whole and played by the browser, so that a class that
watches fifty of them occupies no thread meanwhile; who moves on ends theirs at the next query.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from advdemo.attacks import RayS, Square
from advdemo.images.greys import as_bytes
from advdemo.networks.predict import classify
from advdemo.ui.requests import BlackBoxRequest
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.digits import find_aim, read_digit
from advdemo.ui.work.threads import Check

# By what the box answers: the attack that makes do with it.
BOXES: dict[str, Square | RayS] = {"scores": Square(), "label": RayS()}
MOST_FRAMES = 150


async def query_black_box(service: Service, visitor: Visitor, request: BlackBoxRequest) -> dict[str, Any]:
    """`search` in the slow threads."""
    return await service.slow.run(visitor, "blackbox", lambda check: search(service, request, check))


def search(service: Service, request: BlackBoxRequest, check: Check = lambda: None) -> dict[str, Any]:
    """{"fooled", "asked": queries in all, "most": queries allowed, "frames": uint8 (F, 28, 28), the best picture so far
    at F moments, "at": float32 (F,), the queries by then, "reads": uint8 (F,), what the network reads there, "course":
    float32 (F,), its lead over the answer wanted, in logits; where the box answers with the label alone, the distance
    of the picture, 1 while none fools}.
    """
    side = request.sides[0]
    network = service.networks.pick(side.network, request.weights)
    digit = read_digit(service, request, network)
    aim, targeted, _ = find_aim(network, digit, side.target)
    box = BOXES[request.answers]
    pictures: list[Tensor] = []
    moments: list[tuple[int, float]] = []
    for attempt in box.stream(network, digit.image, aim, request.epsilon, targeted=targeted):
        check()
        course = attempt.margin if attempt.margin is not None else 1.0 if attempt.epsilon is None else attempt.epsilon
        if not moments or course != moments[-1][1]:
            pictures.append(attempt.image)
            moments.append((attempt.queries, course))
    last = attempt
    if last.queries != moments[-1][0]:
        pictures.append(last.image)
        moments.append((last.queries, moments[-1][1]))
    kept = np.unique(np.linspace(0, len(moments) - 1, MOST_FRAMES).round().astype(int))
    frames = torch.stack([pictures[i] for i in kept])
    at, courses = np.array([moments[i] for i in kept], np.float32).T
    return {
        "fooled": last.fooled,
        "asked": last.queries,
        "most": box.queries,
        "frames": as_bytes(frames[:, 0]),
        "at": at,
        "reads": classify(network, frames).byte().cpu().numpy(),
        "course": courses,
    }
