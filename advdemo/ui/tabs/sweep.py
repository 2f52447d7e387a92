"""The Sweep tab: the whole test set against a list of epsilons, drawn while it runs."""

import json

from advdemo.measures.bounds import METHODS
from advdemo.measures.sweep import SweepResult
from advdemo.ui.component import attack_rows, component
from advdemo.ui.jobs.sweep import as_drawn
from advdemo.ui.service import Service
from advdemo.ui.tabs.records import reference


def sweep_tab(service: Service, saved: SweepResult | None = None) -> None:
    """Build the tab over the test images; it opens with what is `saved` of the standard network."""
    component(
        "sweep",
        reference=json.dumps(reference()),
        saved=json.dumps(saved and as_drawn(saved, with_examples=False)),
        networks=list(service.networks.shipped),
        attacks=attack_rows(service.offered.attacks),
        proofs=list(METHODS),
        total=len(service.images),
    )
