"""A training to watch."""

import base64
import math
import time
from collections.abc import Iterator
from typing import Any

from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import pack_checkpoint
from advdemo.networks.predict import pick_device
from advdemo.training.loop import EpochRecord, Step
from advdemo.training.recipes import Recipe
from advdemo.training.train import hold_out, train_steps
from advdemo.ui.jobs import SECONDS_BETWEEN_UPDATES
from advdemo.ui.server.errors import RefusalError

HELD_OUT = 5_000  # training images, to choose the best epoch by


def train(name: str, recipe: Recipe, seed: int, minutes: float = math.inf) -> Iterator[dict[str, Any]]:
    """Progress, some ten times a second: `update` holds `progress` {epoch, epochs, share, seconds, left, limit}; at an
    epoch's end also `epoch`, its record, and beside it `weights` (a safetensors file as base64) when it is the best so
    far on held-out images. A training that has not ended after so many `minutes` ends then, in the middle of an epoch:
    while that is to be expected, `limit` is them in seconds, and `left` counts down to it; else it is None."""
    try:
        (images, labels), held_out = hold_out(*load_mnist("train"), HELD_OUT, seed=0)
    except (OSError, ValueError) as error:
        raise RefusalError("errors.training_data") from error
    started = shown = time.perf_counter()
    until = started + 60 * minutes
    best, share = -1.0, 1.0
    options: dict[str, Any] = {"seed": seed, "device": pick_device(), "until": until}
    for event in train_steps(recipe, images, labels, validation=held_out, **options):
        now = time.perf_counter()
        if isinstance(event, Step):
            share = event.step / event.steps
            if now - shown < SECONDS_BETWEEN_UPDATES:
                continue
        shown = now
        done = (event.epoch - 1 + share) / recipe.epochs
        seconds, allowed = now - started, max(0.0, until - now)
        left = seconds * (1 / done - 1)
        progress = {"epoch": event.epoch, "epochs": recipe.epochs, "share": done, "seconds": seconds}
        ends = {"left": min(left, allowed), "limit": 60 * minutes if left > allowed else None}
        update: dict[str, dict[str, Any]] = {"progress": progress | ends}
        reply = {}
        if isinstance(event, EpochRecord):
            update["epoch"] = {key: value for key, value in vars(event).items() if key != "weights"}
            if (accuracy := event.validation_accuracy or 0.0) > best:
                best = accuracy
                record = {"recipe": name, "seed": seed, **vars(recipe), **update["epoch"]}
                reply["weights"] = base64.b64encode(pack_checkpoint(event.weights, record)).decode()
        yield reply | {"update": update}
