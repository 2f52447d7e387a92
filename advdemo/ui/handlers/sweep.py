"""Sweep: the whole test set against a list of epsilons, networks against one another, and the images behind a cell."""

from collections.abc import AsyncGenerator
from typing import Any

from torch import nn

from advdemo.attacks import ATTACKS
from advdemo.images.greys import as_bytes
from advdemo.measures.bounds import check_network
from advdemo.networks.predict import classify
from advdemo.ui.jobs import sweep as jobs
from advdemo.ui.requests import CellRequest, SweepRequest, TransferRequest
from advdemo.ui.server.errors import refusing
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.digits import Watched
from advdemo.ui.service.networks import for_job
from advdemo.ui.work.threads import Check

CELL_EXAMPLES = 10
CELL_BATCH = 100


async def run_sweep(service: Service, visitor: Visitor, request: SweepRequest) -> AsyncGenerator[dict[str, Any], None]:
    """The visitor's place in the queue, then partial results, some ten a second, as `jobs.sweep` or `jobs.prove` yields
    them."""
    (network,) = await picked(service, visitor, request.weights, request.network)
    arguments = for_job(network), request.images, list(request.epsilons)
    if request.proof:
        with refusing("proof.other_layers"):
            check_network(network)
        await service.costs.check_proof(request.proof, request.images, len(request.epsilons))
        work = service.workers.run(jobs.prove, *arguments, request.proof)
    else:
        await service.costs.check(ATTACKS[request.attack], request.images, len(request.epsilons))
        work = service.workers.run(jobs.sweep, *arguments, request.attack)
    async for message in service.sweeps.follow(visitor, service.costs.limited(work)):
        yield message


async def run_transfer(
    service: Service, visitor: Visitor, request: TransferRequest
) -> AsyncGenerator[dict[str, Any], None]:
    """The same for `jobs.transfer`: every network on the adversarial images made on every network."""
    networks = [for_job(network) for network in await picked(service, visitor, request.weights, *request.networks)]
    await service.costs.check(ATTACKS[request.attack], request.images * len(networks) ** 2)
    work = service.workers.run(jobs.transfer, networks, request.images, request.epsilon, request.attack)
    async for message in service.sweeps.follow(visitor, service.costs.limited(work)):
        yield message


async def picked(service: Service, visitor: Visitor, weights: bytes | None, *names: str) -> list[nn.Module]:
    """The networks of those names: a visitor's is tried as it is read, which takes a thread some milliseconds."""
    return await service.quick.run(
        visitor, "networks", lambda _: [service.networks.pick(name, weights) for name in names]
    )


async def find_examples(service: Service, visitor: Visitor, request: CellRequest) -> dict[str, Any]:
    """`examples_of` in the slow threads."""
    return await service.slow.run(visitor, "cell", lambda check: examples_of(service, request, check))


def examples_of(service: Service, request: CellRequest, check: Check = lambda: None) -> dict[str, Any]:
    """Images of the class `truth` that the attack makes the network read as `predicted`: {"found": [{"index", "before",
    "after", "image": uint8 (28, 28)}]}."""
    network = Watched(service.networks.pick(request.network, request.weights), check)
    attack, device = ATTACKS[request.attack](), service.networks.device
    found: list[dict[str, Any]] = []
    for chosen in (service.labels[: request.images] == request.truth).nonzero().flatten().split(CELL_BATCH):
        if len(found) >= CELL_EXAMPLES or not len(chosen):
            break
        batch, wanted = service.images[chosen].to(device), service.labels[chosen].to(device)
        prepared = attack.prepare(network, batch, wanted)
        adversarial = prepared.at(request.epsilon)
        after = classify(network, adversarial)
        for place in (after == request.predicted).nonzero().flatten().tolist():
            pixels = as_bytes(adversarial[place, 0])
            before = int(prepared.logits[place].argmax())
            found.append({"index": int(chosen[place]), "before": before, "after": request.predicted, "image": pixels})
    return {"found": found[:CELL_EXAMPLES]}
