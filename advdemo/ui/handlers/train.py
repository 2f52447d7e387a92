"""Train: a LeNet trained while one watches, and a visitor's network judged.

The browser keeps what was trained. The server trains, judges weights it is shown, and remembers nothing but a cache.
"""

from collections.abc import AsyncGenerator
from typing import Any

import numpy as np

from advdemo.networks.checkpoint import is_safetensors
from advdemo.networks.predict import confusion
from advdemo.ui.jobs.training import train
from advdemo.ui.requests import JudgeRequest, TrainRequest
from advdemo.ui.server.errors import shown
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.digits import Watched
from advdemo.ui.service.networks import pack
from advdemo.ui.settings import minutes_allowed
from advdemo.ui.work.threads import Check


async def run_training(
    service: Service, visitor: Visitor, request: TrainRequest
) -> AsyncGenerator[dict[str, Any], None]:
    """The visitor's place in the queue, then progress, as `jobs.training.train` yields it."""
    work = service.workers.run(train, request.recipe, request.picked(), request.seed, minutes_allowed(), long=True)
    async for message in service.trainings.follow(visitor, work):
        yield message


async def judge(service: Service, visitor: Visitor, request: JudgeRequest) -> dict[str, Any]:
    """What the network makes of the test set, and the hash to ask for it by; of a file of torch.save also "weights",
    the network as safetensors, to keep in its place."""

    def work(check: Check) -> dict[str, Any]:
        network, name, record = service.networks.remember(request.weights)
        kept = {}
        if not is_safetensors(request.weights):
            content = pack(network)
            _, name, _ = service.networks.remember(content)
            kept = {"weights": np.frombuffer(content, np.uint8)}
        counts = confusion(Watched(network, check), service.images, service.labels)
        recipe = shown(record.get("recipe", ""))
        return {"judged": {"hash": name, "confusion": counts.tolist(), "recipe": recipe} | kept}

    return await service.slow.run(visitor, "judge", work)
