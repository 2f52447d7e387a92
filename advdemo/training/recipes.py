"""How a LeNet can be trained, as data."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a network is trained, but for the seed."""

    about: str
    epochs: int
    batch_size: int
    learning_rate: float  # one-cycle: its peak; plateau, late-cosine: its start
    schedule: Literal["one-cycle", "plateau", "late-cosine"] = "one-cycle"
    optimizer: Literal["sgd", "adamw"] = "sgd"
    momentum: float = 0.9  # Nesterov's; for SGD
    weight_decay: float = 5e-4
    label_smoothing: float = 0.0
    augmented: bool = True
    epsilon: float = 0.0  # of the PGD examples to train on instead of the images, in 0..1; 0 trains on the images
    attack_steps: int = 10  # of that PGD
    certified: bool = False  # train on interval bounds within epsilon, not on PGD examples
    clean: float = 0.0  # certified: the share of clean images in the loss, beside the worst case within epsilon
    start: str | None = None  # the shipped network to begin with; None begins with random weights
    warm_up: float = 0.4  # the share of the training over which epsilon grows to its size
    averaging: float = 0.0  # decay of the running mean of the weights, which is what is judged and kept; 0 for none


RECIPES = {
    # At the tutorial's weight decay a sixth of the test images reach a confidence of 1.0 in float32, where the gradient
    # has lost the true class's share and FGSM looks weaker than it is. Six times as much keeps confidences below that.
    "default": Recipe(
        about="The shipped network's: distorted images, a one-cycle schedule, strong weight decay.",
        epochs=40,
        batch_size=128,
        learning_rate=0.1,
        weight_decay=3e-3,
    ),
    "quick": Recipe(
        about="Undistorted images and few epochs: about 99% within half a minute on two CPU cores.",
        epochs=8,
        batch_size=128,
        learning_rate=0.1,
        weight_decay=3e-3,
        augmented=False,
    ),
    "robust": Recipe(
        about="Adversarial training (Madry et al., 2018): each step trains on PGD examples in place of clean images.",
        epochs=50,
        batch_size=128,
        learning_rate=0.003,
        optimizer="adamw",
        weight_decay=1e-4,
        augmented=False,
        epsilon=0.33,  # a little more than the 0.3 that it is judged at
        attack_steps=7,
        averaging=0.999,
    ),
    "certified": Recipe(
        about="Certified training: each step trains on bounds of what any attack can do within epsilon.",
        epochs=120,
        batch_size=128,
        learning_rate=0.0007,
        schedule="late-cosine",
        optimizer="adamw",
        weight_decay=0.0,
        augmented=False,
        epsilon=0.3,
        certified=True,
        clean=0.75,
        start="lenet-robust",
        averaging=0.999,
    ),
    "tutorial": Recipe(
        about="The tutorial's: SGD at 0.01, halved after five epochs without progress; stops when it is down to 1e-6.",
        epochs=300,
        batch_size=64,
        learning_rate=0.01,
        schedule="plateau",
        augmented=False,
    ),
}

RANGES = {
    "epochs": (1, 1000),
    "batch_size": (1, 60_000),
    "learning_rate": (1e-6, 10.0),
    "momentum": (0.0, 0.999),
    "weight_decay": (0.0, 1.0),
    "label_smoothing": (0.0, 0.9),
    "epsilon": (0.0, 0.5),
    "attack_steps": (1, 100),
    "clean": (0.0, 1.0),
    "warm_up": (0.0, 1.0),
    "averaging": (0.0, 0.9999),
}


def pick_recipe(name: str, **overrides: float | int | None) -> Recipe:
    """The named recipe with some of its fields replaced; None keeps one. ValueError for an unknown name, and, with its
    range, for a value outside it."""
    if not isinstance(name, str) or name not in RECIPES:
        raise ValueError(f"unknown recipe {str(name)[:40]!r}: choose one of {', '.join(RECIPES)}")
    changes: dict[str, Any] = {key: value for key, value in overrides.items() if value is not None}
    whole = {field.name for field in fields(Recipe) if field.type is int}
    for key, value in changes.items():
        if key not in RANGES:
            raise ValueError(f"a recipe has no {key!r} to change: choose from {', '.join(RANGES)}")
        low, high = RANGES[key]
        number = isinstance(value, int if key in whole else (int, float)) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            kind = "a whole number" if key in whole else "a number"
            raise ValueError(f"{key} must be {kind} from {low:g} to {high:g}, got {str(value)[:40]}")
    return replace(RECIPES[name], **changes)
