"""Sweeps over the test images: attacks, proofs, transfer."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from advdemo.measures.bounds import CertifiedResult, certified_stream
from advdemo.measures.sweep import SweepResult, sweep_stream
from advdemo.networks.predict import pick_device
from advdemo.ui.jobs import PROOFS, SECONDS_BETWEEN_UPDATES, Network, test_images, unpack
from advdemo.ui.server.replies import as_text


def sweep(network: Network, count: int, epsilons: list[float], attack: str) -> Iterator[dict[str, Any]]:
    """Partial results over the first `count` test images, some ten a second: `result` as `as_drawn` has it."""
    model = unpack(network)
    images, labels = test_images()
    device = pick_device().type.upper()
    started = shown = time.perf_counter()
    examples_sent = -1
    for result in sweep_stream(model, images[:count], labels[:count], epsilons, attack=attack):
        now = time.perf_counter()
        if now - shown < SECONDS_BETWEEN_UPDATES and result.n_images < result.total:
            continue
        shown = now
        examples = sum(len(row) for row in result.examples)
        drawn = as_drawn(result, with_examples=examples != examples_sent)
        examples_sent = examples
        yield {"result": drawn | {"seconds": now - started, "device": device}}


def prove(network: Network, count: int, epsilons: list[float], method: str) -> Iterator[dict[str, Any]]:
    """The same for the images that are proved to be read as their label: `result` without flips and examples, but with
    `per_class`, shares by epsilon and digit."""
    model = unpack(network, PROOFS)
    images, labels = test_images()
    device = PROOFS.type.upper()
    started = shown = time.perf_counter()
    for result in certified_stream(model, images[:count], labels[:count], epsilons, method=method):
        now = time.perf_counter()
        if now - shown < SECONDS_BETWEEN_UPDATES and result.n_images < result.total:
            continue
        shown = now
        yield {"result": counts_of(result) | {"seconds": now - started, "device": device}}


def transfer(networks: list[Network], count: int, epsilon: float, attack: str) -> Iterator[dict[str, Any]]:
    """The accuracy of every network on the adversarial images made on every network: after each batch, all so far."""
    models = [unpack(network) for network in networks]
    images, labels = test_images()
    table: list[list[float | None]] = [[None] * len(models) for _ in models]
    shown = time.perf_counter()
    for made_on, source in enumerate(models):
        for tried_on, model in enumerate(models):
            for result in sweep_stream(model, images[:count], labels[:count], [epsilon], attack=attack, source=source):
                done = result.n_images == result.total
                if time.perf_counter() - shown < SECONDS_BETWEEN_UPDATES and not done:
                    continue
                shown = time.perf_counter()
                table[made_on][tried_on] = float(result.accuracies[0])
                yield {"transfer": {"table": table, "done": done}}


def as_drawn(result: SweepResult, *, with_examples: bool) -> dict[str, Any]:
    """A result as plain JSON values, the images as base64 of 784 bytes."""
    drawn = counts_of(result) | {"flips": result.flips.tolist(), "first_flips": result.first_flips.tolist()}
    if with_examples:
        drawn["examples"] = [
            [vars(example) | {"image": as_text(example.image)} for example in row] for row in result.examples
        ]
    return drawn


def counts_of(result: SweepResult | CertifiedResult) -> dict[str, Any]:
    """What sweeps and proofs have in common, as plain JSON values."""
    per_class = [[None if np.isnan(share) else float(share) for share in row] for row in result.per_class]
    return {
        "epsilons": result.epsilons.tolist(),
        "correct": result.correct.tolist(),
        "accuracies": result.accuracies.tolist(),
        "per_class": per_class,
        "done": result.n_images,
        "total": result.total,
    }
