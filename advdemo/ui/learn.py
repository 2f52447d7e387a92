"""The Learn tab: what the other tabs show, explained, with buttons that set the Explore tab up for it."""

import json

from advdemo.ui.component import Component


class Learn(Component):
    """No value and no events. Prop: `figures`, what `learn_tab` is given, as JSON."""

    def __init__(self, value: dict | None = None, *, figures: str) -> None:
        super().__init__(
            value, template="learn", scripts=["shared/chosen.js", "learn/index.js"], figures=figures, elem_id="learn"
        )
        self.figures = figures


def learn_tab(figures: dict) -> None:
    """Build the tab.

    figures: accuracies in 0..1 of the networks "standard" and "robust", each None or {"epsilon", "clean", "fgsm",
    "pgd", "autoattack", "autoattack_images"}, of which any may be missing or None.
    """
    Learn(figures=json.dumps(figures))
