"""What whoever runs the page may set, by environment variables."""

import os

from advdemo.training.recipes import Recipe

SWITCH, CAP = "ADVDEMO_TRAINING", "ADVDEMO_MAX_EPOCHS"  # "off" and a number
LIMIT = "ADVDEMO_MAX_MINUTES"  # of one visitor's sweep, training or game
DEFAULT_CAP = 60
DEFAULT_LIMIT = 5.0


def training_enabled() -> bool:
    """Whether visitors may train here: ADVDEMO_TRAINING is not "off"."""
    return os.environ.get(SWITCH, "on").lower() not in ("off", "0", "no", "false")


def epoch_cap(recipe: Recipe) -> int:
    """The most epochs a visitor may ask for: ADVDEMO_MAX_EPOCHS, or 60; a fifth of it for adversarial and certified
    training, whose epochs take so much longer."""
    text = os.environ.get(CAP, str(DEFAULT_CAP))
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{CAP} must be a whole number of at least 1, got {text!r}")
    return max(1, int(text) // 5) if recipe.epsilon else int(text)


def minutes_allowed() -> float:
    """What ADVDEMO_MAX_MINUTES says, or 5."""
    text = os.environ.get(LIMIT, str(DEFAULT_LIMIT))
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not minutes > 0:
        raise ValueError(f"{LIMIT} must be a number of minutes above 0, got {text!r}")
    return minutes


def seconds_allowed() -> float:
    """Of processor time for a short request, such as a scan: a tenth of `minutes_allowed`."""
    return minutes_allowed() * 60 / 10
