"""The Train tab: train a LeNet while watching, judge it, and use it in the other tabs.

The browser keeps what was trained. The server trains, judges weights it is shown, and remembers nothing but a cache.
"""

import base64
import json
import os
import time
from collections.abc import Iterator
from functools import cache

import gradio as gr
from torch import Tensor

from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import pack_checkpoint
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import confusion, summary
from advdemo.training.recipes import RECIPES, Recipe, pick_recipe
from advdemo.training.train import EpochRecord, Step, hold_out, train_steps
from advdemo.ui.component import component
from advdemo.ui.line import VISITORS_WAITING, Line
from advdemo.ui.models import Models
from advdemo.ui.replies import replies

HELD_OUT = 5_000  # training images, to choose the best epoch by
SECONDS_BETWEEN_UPDATES = 0.2
SWITCH, CAP = "ADVDEMO_TRAINING", "ADVDEMO_MAX_EPOCHS"  # environment variables: "off" and a number
DEFAULT_CAP = 60


def train_tab(models: Models, line: Line, images: Tensor, labels: Tensor) -> None:
    """Build the tab; images float32 (N, 1, 28, 28) and labels int64 (N,) are the test set that models are judged on."""
    setup = {
        "recipes": {name: vars(recipe) | {"cap": epoch_cap(recipe)} for name, recipe in RECIPES.items()},
        "layers": summary(LeNet()),
        "enabled": training_enabled(),
    }
    train = component("train", events=("train", "halt", "judge"), setup=json.dumps(setup))

    def on_train(event: gr.EventData) -> Iterator[dict]:
        yield from run_training(models, line, event._data)

    def on_judge(event: gr.EventData) -> dict:
        return next(judge(models, images, labels, event._data))

    training = train.train(
        on_train,
        outputs=train,
        show_progress="hidden",
        trigger_mode="multiple",
        concurrency_limit=VISITORS_WAITING,
        api_visibility="private",
    )
    train.halt(None, cancels=[training], show_progress="hidden", api_visibility="private")
    train.judge(on_judge, outputs=train, show_progress="hidden", trigger_mode="multiple", api_visibility="private")


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


@cache
def training_images() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(images, labels) to train on, and (images, labels) held out."""
    return hold_out(*load_mnist("train"), HELD_OUT, seed=0)


@replies
def run_training(models: Models, line: Line, question: dict) -> Iterator[dict]:
    """Progress as the page draws it.

    question: {"number": int, "recipe": a name, "epochs": int, "learning_rate": number, "seed": int}. Each update holds
    `progress` {epoch, epochs, share, seconds, left}; at an epoch's end also `epoch`, its record, and `weights` (a
    safetensors file as base64) when it is the best so far on the held-out images.
    """
    if not training_enabled():
        raise ValueError("Training is switched off on this server: run the app yourself to train, or upload a model.")
    name = question.get("recipe")
    cap = epoch_cap(pick_recipe(name))
    epochs = question.get("epochs")
    if not isinstance(epochs, int) or isinstance(epochs, bool) or not 1 <= epochs <= cap:
        raise ValueError(f"The epochs must be a whole number from 1 to {cap} here, not {str(epochs)[:20]!r}.")
    recipe = pick_recipe(name, epochs=epochs, learning_rate=question.get("learning_rate"))
    seed = question.get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**63:
        raise ValueError(f"The seed must be a whole number from 0, got {str(seed)[:20]!r}.")
    (images, labels), held_out = training_images()
    device = next(models.shipped["standard"].parameters()).device

    def run() -> Iterator[dict]:
        started = shown = time.perf_counter()
        best = -1.0
        for event in train_steps(recipe, images, labels, validation=held_out, seed=seed, device=device):
            now = time.perf_counter()
            if isinstance(event, Step) and now - shown < SECONDS_BETWEEN_UPDATES:
                continue
            shown = now
            share = event.step / event.steps if isinstance(event, Step) else 1.0
            done = (event.epoch - 1 + share) / recipe.epochs
            update = {
                "progress": {
                    "epoch": event.epoch,
                    "epochs": recipe.epochs,
                    "share": done,
                    "seconds": now - started,
                    "left": (now - started) * (1 / done - 1),
                }
            }
            reply = {}
            if isinstance(event, EpochRecord):
                update["epoch"] = {key: value for key, value in vars(event).items() if key != "weights"}
                if event.validation_accuracy > best:
                    best = event.validation_accuracy
                    record = {"recipe": question["recipe"], "seed": seed, **vars(recipe), **update["epoch"]}
                    reply["weights"] = base64.b64encode(pack_checkpoint(event.weights, record)).decode()
            yield reply | {"update": json.dumps(update)}

    yield from line.take_turns(run())


@replies
def judge(models: Models, images: Tensor, labels: Tensor, question: dict) -> Iterator[dict]:
    """What the model in question["weights"] makes of the test set, and the hash to ask for it by."""
    model, name, record = models.remember(question.get("weights"))
    counts = confusion(model, images, labels)
    recipe = str(record.get("recipe", ""))[:40]
    yield {"judged": json.dumps({"hash": name, "confusion": counts.tolist(), "recipe": recipe})}
