"""The Train tab: train a LeNet while watching, judge it, and use it in the other tabs.

The browser keeps what was trained. The server trains, judges weights it is shown, and remembers nothing but a cache.
"""

import json
import os
from collections.abc import AsyncGenerator
from functools import partial

from torch import Tensor

from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import confusion, summary
from advdemo.training.recipes import RANGES, RECIPES, Recipe, pick_recipe
from advdemo.ui import jobs
from advdemo.ui.component import component
from advdemo.ui.lanes import Superseded
from advdemo.ui.models import MAX_BYTES, Models
from advdemo.ui.questions import is_whole
from advdemo.ui.records import saved_sweep, training_history
from advdemo.ui.replies import RefusalError, refusing, shown
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor

SWITCH, CAP = "ADVDEMO_TRAINING", "ADVDEMO_MAX_EPOCHS"  # environment variables: "off" and a number
DEFAULT_CAP = 60


def train_tab(service: Service, record: dict) -> None:
    """Build the tab; models are judged on the test images. It opens with what the standard network's `record` tells of
    it, and of its training or another."""
    saved = saved_sweep(record)
    setup = {
        "recipes": {name: vars(recipe) | {"cap": epoch_cap(recipe)} for name, recipe in RECIPES.items()},
        "layers": summary(LeNet()),
        "enabled": training_enabled(),
        "confusion": saved and saved.flips[saved.epsilons.argmin()].tolist(),
        "history": training_history(record),
        "most_bytes": MAX_BYTES,
    }
    component("train", setup=json.dumps(setup))


def training_enabled() -> bool:
    """Whether visitors may train here: ADVDEMO_TRAINING is not "off"."""
    return os.environ.get(SWITCH, "on").lower() not in ("off", "0", "no", "false")


def epoch_cap(recipe: Recipe) -> int:
    """The most epochs a visitor may ask for: ADVDEMO_MAX_EPOCHS, or 60; a fifth of it for adversarial training, whose
    epochs take so much longer."""
    text = os.environ.get(CAP, str(DEFAULT_CAP))
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{CAP} must be a whole number of at least 1, got {text!r}")
    return max(1, int(text) // 5) if recipe.epsilon else int(text)


async def run_training(service: Service, visitor: Visitor, question: dict) -> AsyncGenerator[dict, None]:
    """The visitor's place in the line, then progress, as `jobs.train` yields it.

    question: {"recipe": a name, "epochs": int, "learning_rate": number, "seed": int}.
    """
    if not training_enabled():
        raise RefusalError("errors.training_off")
    name, epochs, rate, seed = (question.get(key) for key in ("recipe", "epochs", "learning_rate", "seed"))
    with refusing("errors.unknown_recipe", recipe=shown(name), recipes=", ".join(RECIPES)):
        most = epoch_cap(pick_recipe(str(name)))
    if not is_whole(epochs, 1, most):
        raise RefusalError("errors.bad_epochs", epochs=shown(epochs), most=most)
    low, high = RANGES["learning_rate"]
    with refusing("errors.bad_rate", rate=shown(rate), low=low, high=high):
        recipe = pick_recipe(str(name), epochs=epochs, learning_rate=rate)
    if not is_whole(seed, 0, 2**63 - 1):
        raise RefusalError("errors.bad_seed", seed=shown(seed))
    work = service.workers.run(jobs.train, name, recipe, seed, long=True)
    async for message in service.trainings.take_turns(visitor, work):
        yield message


async def judge(service: Service, visitor: Visitor, question: dict) -> dict:
    """`judgement_of` in the slow lane."""
    work = partial(judgement_of, service.models, service.images, service.labels, question)
    return await service.slow.run(visitor, "judge", work)


def judgement_of(
    models: Models, images: Tensor, labels: Tensor, question: dict, superseded: Superseded = lambda: False
) -> dict:
    """What the model in question["weights"] makes of the test set, and the hash to ask for it by."""
    model, name, record = models.remember(question.get("weights"))
    counts = confusion(model, images, labels)
    recipe = shown(record.get("recipe", ""))
    return {"judged": {"hash": name, "confusion": counts.tolist(), "recipe": recipe}}
