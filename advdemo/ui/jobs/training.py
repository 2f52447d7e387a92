"""A training to watch."""

import base64
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


def train(name: str, recipe: Recipe, seed: int) -> Iterator[dict[str, Any]]:
    """Progress, some ten times a second: `update` holds `progress` {epoch, epochs, share, seconds, left}; at an epoch's
    end also `epoch`, its record, and beside it `weights` (a safetensors file as base64) when it is the best so far on
    held-out images."""
    try:
        (images, labels), held_out = hold_out(*load_mnist("train"), HELD_OUT, seed=0)
    except (OSError, ValueError) as error:
        raise RefusalError("errors.training_data") from error
    started = shown = time.perf_counter()
    best = -1.0
    for event in train_steps(recipe, images, labels, validation=held_out, seed=seed, device=pick_device()):
        now = time.perf_counter()
        if isinstance(event, Step) and now - shown < SECONDS_BETWEEN_UPDATES:
            continue
        shown = now
        share = event.step / event.steps if isinstance(event, Step) else 1.0
        done = (event.epoch - 1 + share) / recipe.epochs
        seconds = now - started
        progress = {"epoch": event.epoch, "epochs": recipe.epochs, "share": done, "seconds": seconds}
        update: dict[str, dict[str, Any]] = {"progress": progress | {"left": seconds * (1 / done - 1)}}
        reply = {}
        if isinstance(event, EpochRecord):
            update["epoch"] = {key: value for key, value in vars(event).items() if key != "weights"}
            if (accuracy := event.validation_accuracy or 0.0) > best:
                best = accuracy
                record = {"recipe": name, "seed": seed, **vars(recipe), **update["epoch"]}
                reply["weights"] = base64.b64encode(pack_checkpoint(event.weights, record)).decode()
        yield reply | {"update": update}
