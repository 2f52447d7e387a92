"""The Learn tab: what the other tabs show, explained, guessed and got wrong; buttons set the other tabs up."""

import json
from typing import Any

from advdemo.images.greys import as_bytes
from advdemo.measures.experiments import EXPERIMENTS
from advdemo.measures.mistakes import CODE
from advdemo.ui.component import component
from advdemo.ui.server.replies import as_text
from advdemo.ui.service import Service


def learn_tab(service: Service, figures: dict[str, Any]) -> None:
    """Build the tab.

    figures: of each network None or what `records.robustness` tells of it, of which any may be missing or None.
    """
    experiments = [_describe(service, name) for name in service.offered.experiments]
    component("learn", figures=json.dumps(figures), experiments=json.dumps(experiments), mistakes=json.dumps(CODE))


def _describe(service: Service, name: str) -> dict[str, Any]:
    """{"name", "options", "index" of its image or None, "label", "image": uint8 (28, 28) as base64}."""
    row = EXPERIMENTS[name]
    known = {"name": name, "options": row.options, "index": None, "label": None, "image": None}
    if not row.about_one:
        return known
    image = as_text(as_bytes(service.images[row.index, 0]))
    return known | {"index": row.index, "label": int(service.labels[row.index]), "image": image}
