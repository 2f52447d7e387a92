"""What all handlers share: the networks, the test images, and where work is done."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from advdemo.measures.experiments import EXPERIMENTS
from advdemo.ui.fields import Offered
from advdemo.ui.jobs.warm import warm_up
from advdemo.ui.server.cache import Recent
from advdemo.ui.server.files import Kept
from advdemo.ui.server.visitors import Limits, Streams, Visitor
from advdemo.ui.service.attacks import usable_attacks
from advdemo.ui.service.costs import Costs
from advdemo.ui.service.networks import Networks, pack
from advdemo.ui.service.pairs import Pairs
from advdemo.ui.settings import seconds_allowed
from advdemo.ui.work.queue import FairQueue
from advdemo.ui.work.threads import Threads
from advdemo.ui.work.worker import Steering, Workers

CORES = torch.get_num_threads()
PROOFS = 4096  # remembered, for a class to share


def _threads(name: str, count: int) -> Threads:
    return Threads(name, count, seconds_allowed())


def _waiting() -> FairQueue:
    return FairQueue(1, 100, full="errors.line_full")


@dataclass
class Service:
    """One for each page; used from its server's event loop alone."""

    networks: Networks
    images: Tensor  # float32 (N, 1, 28, 28), the test set
    labels: Tensor  # int64 (N,)
    pairs: Pairs = field(default_factory=lambda: Pairs({}))  # of the GAN
    kept: Kept = field(default_factory=Kept)  # what the page fetches once
    limits: Limits = field(default_factory=Limits)
    streams: Streams = field(default_factory=Streams)
    quick: Threads = field(default_factory=lambda: _threads("quick", CORES))  # milliseconds
    slow: Threads = field(default_factory=lambda: _threads("slow", CORES))  # up to seconds
    proofs: Threads = field(default_factory=lambda: _threads("proofs", 1))
    proved: Recent[tuple[str, int, bytes], float] = field(default_factory=lambda: Recent(PROOFS))
    strongest: Recent[tuple[str, int, bytes], float | None] = field(default_factory=lambda: Recent(PROOFS))
    lessons: dict[str, dict[str, Any]] = field(default_factory=dict[str, Any])  # of the Learn tab, measured already
    workers: Workers = field(default_factory=lambda: Workers(warm_up))
    sweeps: FairQueue = field(default_factory=_waiting)
    trainings: FairQueue = field(default_factory=_waiting)
    plays: FairQueue = field(default_factory=_waiting)  # of the GAN's game
    endpoints: dict[str, dict[str, bool]] = field(
        default_factory=dict
    )  # of programs: arguments, and whether they must be
    games: dict[Visitor, Steering] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.costs = Costs(self.workers, pack(self.networks.shipped["standard"]))
        self.offered = Offered(
            images=len(self.images),
            networks=tuple(self.networks.shipped),
            games=tuple(self.pairs.shipped),
            experiments=tuple(self._experiments()),
            attacks=usable_attacks(),
        )

    def _experiments(self) -> list[str]:
        """Those whose networks and images are there."""
        shipped, count = self.networks.shipped, len(self.images)
        return [name for name, row in EXPERIMENTS.items() if shipped.keys() >= {*row.needs} and row.index < count]
