"""The Learn tab's questions: an experiment's outcome, what a classic mistake does. Each is measured once for all."""

from collections.abc import Callable
from functools import partial

from torch import Tensor

from advdemo.images.picture import as_bytes
from advdemo.measures.experiments import EXPERIMENTS
from advdemo.measures.mistakes import MISTAKES, compare
from advdemo.ui.lanes import Superseded
from advdemo.ui.replies import RefusalError, shown
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor

USED = 2000  # images: as many as any lesson needs


async def run_experiment(service: Service, visitor: Visitor, question: dict) -> dict:
    """{"name": one of EXPERIMENTS} -> {"answer": the true option, "measured": {thing compared: epsilon, share or
    None}}."""
    name = _check(question.get("name"), available(service), "experiments.unknown")
    return await service.slow.run(visitor, "experiment", partial(_once, service, _experiment, name))


async def run_mistake(service: Service, visitor: Visitor, question: dict) -> dict:
    """{"name": one of MISTAKES} -> {"images": how many, "epsilon", "rows": {figure: [with the wrong code, with the
    right]}, "pictures": uint8 (3, 28, 28) of the original and what either made of it, "reads": what the network reads
    in them}; pictures and reads may be None."""
    name = _check(question.get("name"), MISTAKES, "mistakes.unknown")
    return await service.slow.run(visitor, "mistake", partial(_once, service, _mistake, name))


def available(service: Service) -> list[str]:
    """The experiments whose networks and images are there."""
    shipped, count = service.models.shipped, len(service.images)
    return [name for name, row in EXPERIMENTS.items() if shipped.keys() >= {*row.needs} and row.index < count]


def _check(name: object, names: list[str] | tuple[str, ...], refusal: str) -> str:
    if not isinstance(name, str) or name not in names:
        raise RefusalError(refusal, name=shown(name), names=", ".join(names))
    return name


def _once(service: Service, work: Callable[[Service, str], dict], name: str, superseded: Superseded) -> dict:
    if (work, name) not in service.lessons:
        service.lessons[work, name] = work(service, name)
    return service.lessons[work, name]


def _experiment(service: Service, name: str) -> dict:
    row = EXPERIMENTS[name]
    finding = row.run(service.models.shipped, *_on_device(service), row.index)
    return {"answer": finding.answer, "measured": dict(finding.measured)}


def _mistake(service: Service, name: str) -> dict:
    found = compare(name, service.models.shipped["standard"], *_on_device(service))
    pictures = None if found.pictures is None else as_bytes(found.pictures[:, 0])
    rows = {figure: list(pair) for figure, pair in found.rows.items()}
    return {"images": found.images, "epsilon": found.epsilon, "rows": rows, "pictures": pictures, "reads": found.reads}


def _on_device(service: Service) -> tuple[Tensor, Tensor]:
    device = service.models.device
    return service.images[:USED].to(device), service.labels[:USED].to(device)
