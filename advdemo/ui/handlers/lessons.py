"""Learn: an experiment's outcome, what a classic mistake does. Each is measured once for all visitors."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from advdemo.images.greys import as_bytes
from advdemo.measures.experiments import EXPERIMENTS
from advdemo.measures.mistakes import compare
from advdemo.ui.requests import ExperimentRequest, MistakeRequest
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service

USED = 2000  # images: as many as any lesson needs


async def run_experiment(service: Service, visitor: Visitor, request: ExperimentRequest) -> dict[str, Any]:
    """{"answer": the true option, "measured": {thing compared: epsilon, share or None}}."""

    def measure() -> dict[str, Any]:
        row = EXPERIMENTS[request.name]
        finding = row.run(service.networks.shipped, *_on_device(service), row.index)
        return {"answer": finding.answer, "measured": dict(finding.measured)}

    return await _once(service, visitor, f"experiment {request.name}", measure)


async def run_mistake(service: Service, visitor: Visitor, request: MistakeRequest) -> dict[str, Any]:
    """{"images": how many, "epsilon", "rows": {figure: [with the wrong code, with the right]}, "pictures": uint8 (3,
    28, 28) of the original and what either made of it, "reads": what the network reads in them}; pictures and reads may
    be None."""

    def measure() -> dict[str, Any]:
        found = compare(request.name, service.networks.shipped["standard"], *_on_device(service))
        return {
            "images": found.images,
            "epsilon": found.epsilon,
            "rows": {figure: list(pair) for figure, pair in found.rows.items()},
            "pictures": None if found.pictures is None else as_bytes(found.pictures[:, 0]),
            "reads": found.reads,
        }

    return await _once(service, visitor, f"mistake {request.name}", measure)


async def _once(
    service: Service, visitor: Visitor, lesson: str, measure: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    def work(_: object) -> dict[str, Any]:  # to its end, whoever leaves: the next visitor finds it done
        if lesson not in service.lessons:
            service.lessons[lesson] = measure()
        return service.lessons[lesson]

    return await service.slow.run(visitor, lesson, work)  # Learn's figures ask beside the visitor's own experiment


def _on_device(service: Service) -> tuple[Tensor, Tensor]:
    device = service.networks.device
    return service.images[:USED].to(device), service.labels[:USED].to(device)
