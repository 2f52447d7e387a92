"""The black box of the Explore tab: an attack that only asks questions, as a film of every picture that brought it on.

The search takes a second or two of one core. It is answered whole and played by the browser, so that a class that
watches fifty of them occupies no worker meanwhile; who moves on ends theirs at the next question.
"""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from advdemo.attacks import RayS, Square
from advdemo.images.picture import as_bytes
from advdemo.networks.predict import classify
from advdemo.ui.explore import find_aim, read_digit
from advdemo.ui.lanes import Superseded
from advdemo.ui.questions import check_sides, parse_epsilons
from advdemo.ui.replies import RefusalError, SupersededError, shown
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor

# By what the box answers: the attack that makes do with it.
BOXES: dict[str, Square | RayS] = {"scores": Square(), "label": RayS()}
MOST_FRAMES = 150


async def ask_black_box(service: Service, visitor: Visitor, question: dict) -> dict:
    """The attack on the digit, network and target of the first side of a question as the Explore tab asks it, with
    "answers", one of BOXES, and "epsilon", 0..1.

    Returns {"fooled", "asked": questions in all, "most": questions allowed, "frames": uint8 (F, 28, 28), the best
    picture so far at F moments, "at": float32 (F,), the questions asked by then, "reads": uint8 (F,), what the network
    reads there, "course": float32 (F,), its lead over the answer wanted, in logits; where the box answers with the
    label alone, the distance of the picture, 1 while none fools}.
    """
    answers = question.get("answers", "scores")
    if not isinstance(answers, str) or answers not in BOXES:
        raise RefusalError("errors.unknown_box", answers=shown(answers), boxes=", ".join(BOXES))
    (epsilon,) = parse_epsilons(str(question.get("epsilon")))
    side = check_sides(question)[0]
    if answers == "label" and side.get("target") is not None:
        raise RefusalError("errors.box_cannot_aim")
    return await service.slow.run(visitor, "blackbox", partial(_search, service, question, side, answers, epsilon))


def _search(service: Service, question: dict, side: dict, answers: str, epsilon: float, superseded: Superseded) -> dict:
    network = service.models.pick(side.get("model"), question.get("weights"))
    digit = read_digit(service.models, service.images, service.labels, question, network, service.pairs)
    aim, targeted, _ = find_aim(network, digit, side)
    box = BOXES[answers]
    pictures: list[Tensor] = []
    moments: list[tuple[int, float]] = []
    for attempt in box.stream(network, digit.image, aim, epsilon, targeted=targeted):
        if superseded():
            raise SupersededError("errors.superseded")
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
    at, course = np.array([moments[i] for i in kept], np.float32).T
    return {
        "fooled": last.fooled,
        "asked": last.queries,
        "most": box.queries,
        "frames": as_bytes(frames[:, 0]),
        "at": np.ascontiguousarray(at),
        "reads": classify(network, frames).byte().cpu().numpy(),
        "course": np.ascontiguousarray(course),
    }
