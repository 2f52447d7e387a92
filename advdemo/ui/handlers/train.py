"""Train: a LeNet trained while one watches, and a visitor's network judged.

The browser keeps what was trained. The server trains, judges weights it is shown, and remembers nothing but a cache.
"""

from collections.abc import AsyncGenerator
from typing import Any

from advdemo.networks.predict import confusion
from advdemo.ui.jobs.training import train
from advdemo.ui.requests import JudgeRequest, TrainRequest
from advdemo.ui.server.errors import shown
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service


async def run_training(
    service: Service, visitor: Visitor, request: TrainRequest
) -> AsyncGenerator[dict[str, Any], None]:
    """The visitor's place in the queue, then progress, as `jobs.training.train` yields it."""
    work = service.workers.run(train, request.recipe, request.picked(), request.seed, long=True)
    async for message in service.trainings.follow(visitor, work):
        yield message


async def judge(service: Service, visitor: Visitor, request: JudgeRequest) -> dict[str, Any]:
    """What the network makes of the test set, and the hash to ask for it by."""

    def work(_: object) -> dict[str, Any]:
        network, name, record = service.networks.remember(request.weights)
        counts = confusion(network, service.images, service.labels)
        recipe = shown(record.get("recipe", ""))
        return {"judged": {"hash": name, "confusion": counts.tolist(), "recipe": recipe}}

    return await service.slow.run(visitor, "judge", work)
