"""The Train tab: train a LeNet while watching, judge it, and use it in the other tabs."""

import json
from typing import Any

from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import summary
from advdemo.training.recipes import RECIPES
from advdemo.ui.component import component
from advdemo.ui.fields import MAX_NETWORK
from advdemo.ui.settings import epoch_cap, minutes_allowed, training_enabled
from advdemo.ui.tabs.records import saved_sweep, training_history


def train_tab(record: dict[str, Any]) -> None:
    """Build the tab. It opens with what the standard network's `record` tells of it and of its training."""
    saved = saved_sweep(record)
    setup = {
        "recipes": {name: vars(recipe) | {"cap": epoch_cap(recipe)} for name, recipe in RECIPES.items()},
        "layers": summary(LeNet()),
        "most_bytes": MAX_NETWORK,
        "most_seconds": 60 * minutes_allowed(),
        "enabled": training_enabled(),
        "confusion": saved and saved.flips[saved.epsilons.argmin()].tolist(),
        "history": training_history(record),
    }
    component("train", setup=json.dumps(setup))
