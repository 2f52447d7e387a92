"""The Sweep tab: the whole test set against a list of epsilons, drawn while it runs."""

import json
from collections.abc import AsyncGenerator
from functools import partial

from torch import Tensor, nn

from advdemo.measures.bounds import METHODS, check_network
from advdemo.measures.sweep import SweepResult
from advdemo.networks.predict import classify
from advdemo.ui import jobs
from advdemo.ui.component import attack_rows, component
from advdemo.ui.lanes import Superseded
from advdemo.ui.models import Models, for_job
from advdemo.ui.questions import check_class, check_count, find_attack, parse_epsilons
from advdemo.ui.records import reference
from advdemo.ui.replies import RefusalError, refusing, shown
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor

CELL_EXAMPLES = 10
CELL_BATCH = 100
MOST_NETWORKS = 6  # in a table of transfer


def sweep_tab(service: Service, saved: SweepResult | None = None) -> None:
    """Build the tab over the test images; it opens with what is `saved` of the standard network."""
    component(
        "sweep",
        reference=json.dumps(reference()),
        saved=json.dumps(saved and jobs.as_drawn(saved, with_examples=False)),
        networks=list(service.models.shipped),
        attacks=attack_rows(),
        proofs=list(METHODS),
        total=len(service.images),
    )


async def run_sweep(service: Service, visitor: Visitor, question: dict) -> AsyncGenerator[dict, None]:
    """The visitor's place in the line, then partial results, some ten a second, as `jobs.sweep` yields them, or
    `jobs.prove`.

    question: {"images": how many of the first, "epsilons": numbers separated by commas, "attack": one of ATTACKS, or
    "proof": one of METHODS, "model" and "weights": as in `Models.pick`}.
    """
    count = check_count(question.get("images"), len(service.images))
    epsilons = parse_epsilons(question.get("epsilons"))
    model = service.models.pick(question.get("model"), question.get("weights"))
    if "proof" in question:
        method = check_method(question["proof"], model)
        await service.costs.check_proof(method, count, len(epsilons))
        work = service.workers.run(jobs.prove, for_job(model), count, epsilons, method)
    else:
        attack, _ = find_attack(question.get("attack", "fgsm"))
        await service.costs.check(attack, count, len(epsilons))
        work = service.workers.run(jobs.sweep, for_job(model), count, epsilons, attack.name)
    async for message in service.sweeps.take_turns(visitor, work):
        yield message


def check_method(method: object, model: nn.Module) -> str:
    """One of METHODS, for a network that it can be used on."""
    if not isinstance(method, str) or method not in METHODS:
        raise RefusalError("errors.unknown_proof", method=shown(method), methods=", ".join(METHODS))
    with refusing("proof.other_layers"):
        check_network(model)
    return method


async def run_transfer(service: Service, visitor: Visitor, question: dict) -> AsyncGenerator[dict, None]:
    """The same for `jobs.transfer`: every network on the adversarial images made on every network.

    question: as for `run_sweep`, with "epsilon" in place of "epsilons" and "models", a list, in place of "model".
    """
    count = check_count(question.get("images"), len(service.images))
    (epsilon,) = parse_epsilons(str(question.get("epsilon")))
    attack, _ = find_attack(question.get("attack", "fgsm"))
    names = question.get("models")
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_NETWORKS:
        raise RefusalError("errors.bad_networks", most=MOST_NETWORKS)
    networks = [for_job(service.models.pick(name, question.get("weights"))) for name in names]
    await service.costs.check(attack, count * len(networks) ** 2)
    work = service.workers.run(jobs.transfer, networks, count, epsilon, attack.name)
    async for message in service.sweeps.take_turns(visitor, work):
        yield message


async def find_examples(service: Service, visitor: Visitor, question: dict) -> dict:
    """`examples_of` in the slow lane."""
    work = partial(examples_of, service.models, service.images, service.labels, question)
    return await service.slow.run(visitor, "cell", work)


def examples_of(
    models: Models, images: Tensor, labels: Tensor, question: dict, superseded: Superseded = lambda: False
) -> dict:
    """Images of the class "truth" that the attack of size "epsilon" makes the network read as "predicted": {"found":
    [{"index", "before", "after", "image": uint8 (28, 28)}]}.

    question: as for `run_sweep`, with these three in place of "epsilons".
    """
    count = check_count(question.get("images"), len(images))
    (epsilon,) = parse_epsilons(str(question.get("epsilon")))
    _, attack = find_attack(question.get("attack", "fgsm"))
    truth, predicted = (check_class(question.get(name)) for name in ("truth", "predicted"))
    model = models.pick(question.get("model"), question.get("weights"))
    found: list[dict] = []
    for chosen in (labels[:count] == truth).nonzero().flatten().split(CELL_BATCH):
        if superseded() or len(found) >= CELL_EXAMPLES or not len(chosen):
            break
        batch, wanted = images[chosen].to(models.device), labels[chosen].to(models.device)
        prepared = attack.prepare(model, batch, wanted)
        adversarial = prepared.at(epsilon)
        after = classify(model, adversarial)
        for place in (after == predicted).nonzero().flatten().tolist():
            pixels = (adversarial[place, 0] * 255).round().byte().cpu().numpy()
            before = int(prepared.logits[place].argmax())
            found.append({"index": int(chosen[place]), "before": before, "after": predicted, "image": pixels})
    return {"found": found[:CELL_EXAMPLES]}
