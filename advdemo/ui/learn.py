"""The Learn tab: what the other tabs show, explained, with buttons that set the Explore tab up for it."""

import json

from advdemo.ui.component import component


def learn_tab(figures: dict) -> None:
    """Build the tab.

    figures: accuracies in 0..1 of the networks "standard" and "robust", each None or {"epsilon", "clean", "fgsm",
    "pgd", "autoattack", "autoattack_images"}, of which any may be missing or None.
    """
    component("learn", figures=json.dumps(figures))
