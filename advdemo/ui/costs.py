"""How long an attack on a data set would take: measured once for each attack, so that what would occupy the server too
long is refused before it waits in a line."""

import os
import time

from torch import Tensor, nn

from advdemo.attacks import Attack
from advdemo.measures.sweep import CORES, CUDA_BATCH
from advdemo.ui.lanes import Lane
from advdemo.ui.replies import RefusalError
from advdemo.ui.visitors import Visitor

LIMIT = "ADVDEMO_MAX_MINUTES"  # environment variable: of one visitor's sweep
DEFAULT_LIMIT = 5.0
EPSILON = 0.1


class Costs:
    """Measured on a network and a batch of its images, in a lane's thread."""

    def __init__(self, lane: Lane, model: nn.Module, images: Tensor, labels: Tensor) -> None:
        self._lane, self._model, self._images, self._labels = lane, model, images, labels
        self._limit = minutes_allowed()
        self._seconds: dict[str, float] = {}  # attack -> seconds for one image at one epsilon

    async def check(self, visitor: Visitor, attack: Attack, attacks: int) -> None:
        """Refuse so many attacks on single images when they would take longer than a visitor may have. One sign for
        every epsilon makes an attack so quick that it is never refused."""
        if attack.quick:
            return
        if attack.name not in self._seconds:
            seconds = await self._lane.run(Visitor(visitor.address), lambda superseded: self._measure(attack))
            self._seconds[attack.name] = seconds
        minutes = attacks * self._seconds[attack.name] / 60
        if minutes > self._limit:
            raise RefusalError("errors.too_long", minutes=round(minutes), most=round(self._limit, 1))

    def _measure(self, attack: Attack) -> float:
        device = next(self._model.parameters()).device
        count, at_once = (CUDA_BATCH, 1) if device.type == "cuda" else (attack.batch_size, CORES)
        batch, truth = self._images[:count].to(device), self._labels[:count].to(device)
        started = time.perf_counter()
        attack.settings().prepare(self._model, batch, truth).at(EPSILON).cpu()
        return (time.perf_counter() - started) / len(batch) / at_once


def minutes_allowed() -> float:
    """What ADVDEMO_MAX_MINUTES says, or 5."""
    text = os.environ.get(LIMIT, str(DEFAULT_LIMIT))
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not minutes > 0:
        raise ValueError(f"{LIMIT} must be a number of minutes above 0, got {text!r}")
    return minutes
