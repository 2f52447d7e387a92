"""What is said of somebody's own network before the page shows it."""

from typing import Any

from torch import Tensor, nn

from advdemo.networks.guest import look_at
from advdemo.ui.words import say

LOOKED_AT, POOR = 1000, 0.5  # test images that a guest is tried on, and the accuracy below which something is wrong


def look(name: str, guest: nn.Module, images: Tensor, labels: Tensor) -> list[dict[str, Any]]:
    """What is odd about a guest, as the page and the terminal say it: keys of the words with their values."""
    accuracy, steady = look_at(guest, images[:LOOKED_AT], labels[:LOOKED_AT])
    values: dict[str, str] = {"name": name, "accuracy": f"{accuracy:.1%}"}
    notes: list[dict[str, Any]] = [{"key": "guests.misreads", "values": values}] if accuracy < POOR else []
    notes += [] if steady else [{"key": "guests.wavers", "values": {"name": name}}]
    print(say("guests.reads", **values), *(say(note["key"], **note["values"]) for note in notes), sep="\n", flush=True)
    return notes
