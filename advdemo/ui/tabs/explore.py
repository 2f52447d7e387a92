"""The Explore tab: one digit, its perturbation at every epsilon, what a network makes of it."""

from advdemo.ui.component import attack_rows, component
from advdemo.ui.fields import EDGE
from advdemo.ui.handlers.scan import scan_sides
from advdemo.ui.handlers.weights import keep_weights
from advdemo.ui.requests import ScanRequest, parse
from advdemo.ui.server.replies import as_text
from advdemo.ui.service import Service
from advdemo.ui.tabs.board import make_board

START = {"index": 63}


def explore_tab(service: Service, proofs: dict[str, dict[int, float]]) -> None:
    """Build the tab over the test images; `proofs`: what is certified of some of them, by network and index."""
    first = scan_sides(service, parse(ScanRequest, START, service.offered))
    component(
        "explore",
        as_text(first),
        board=make_board(service, proofs),
        networks=list(service.networks.shipped),
        weights=keep_weights(service),
        attacks=attack_rows(service.offered.attacks),
        edge=EDGE,
        generates="shipped" in service.pairs.shipped,
    )
