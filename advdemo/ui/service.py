"""What all handlers share: the networks, the test images, and where questions are worked on."""

from collections import OrderedDict
from dataclasses import dataclass, field

import torch
from torch import Tensor

from advdemo.ui.costs import Costs
from advdemo.ui.forger import Pairs
from advdemo.ui.lanes import Lane
from advdemo.ui.line import Line
from advdemo.ui.models import Models, pack
from advdemo.ui.visitors import Limits, Streams, Visitor
from advdemo.ui.worker import Steering, Workers

CORES = torch.get_num_threads()


@dataclass
class Service:
    """One for each page; used from its server's event loop alone."""

    models: Models
    images: Tensor  # float32 (N, 1, 28, 28), the test set
    labels: Tensor  # int64 (N,)
    pairs: Pairs = field(default_factory=lambda: Pairs({}))  # of the GAN
    limits: Limits = field(default_factory=Limits)
    streams: Streams = field(default_factory=Streams)
    light: Lane = field(default_factory=lambda: Lane("light", CORES))
    slow: Lane = field(default_factory=lambda: Lane("slow", max(1, CORES // 2)))
    proofs: Lane = field(default_factory=lambda: Lane("proofs", 1))
    proved: OrderedDict = field(default_factory=OrderedDict)  # by network, label and image: see proof.py
    lessons: dict[tuple, dict] = field(default_factory=dict)  # measured already: see lessons.py
    workers: Workers = field(default_factory=Workers)
    sweeps: Line = field(default_factory=Line)
    trainings: Line = field(default_factory=Line)
    plays: Line = field(default_factory=Line)  # of the GAN's game
    games: dict[Visitor, Steering] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.costs = Costs(self.workers, pack(self.models.shipped["standard"]))
