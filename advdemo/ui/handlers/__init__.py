"""Handlers: a typed request in, a reply out. The tables name them as the routes do: POST /ask/<name>, /follow/<name>.

A handler takes (service, visitor, request). A reply is a dict of plain JSON values and numpy arrays; work that takes
long yields such messages, without arrays.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from starlette.routing import Route

from advdemo.ui import requests as r
from advdemo.ui.handlers.blackbox import query_black_box
from advdemo.ui.handlers.game import run_game, steer
from advdemo.ui.handlers.generate import find_fooling, latent_plane
from advdemo.ui.handlers.lessons import run_experiment, run_mistake
from advdemo.ui.handlers.photo import find_in_photo
from advdemo.ui.handlers.pixels import flip_pixels
from advdemo.ui.handlers.proof import narrow_digit, prove_digit
from advdemo.ui.handlers.scan import scan_digit
from advdemo.ui.handlers.sweep import find_examples, run_sweep, run_transfer
from advdemo.ui.handlers.train import judge, run_training
from advdemo.ui.server.routes import MAX_BODY, make_routes
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service


class Row(NamedTuple):
    """A request, and who answers it."""

    request: type[r.Request]
    handle: Callable[..., Any]
    most: int = MAX_BODY  # bytes of the request


ASK = {
    "scan": Row(r.ScanRequest, scan_digit),
    "prove": Row(r.ScanRequest, prove_digit),
    "narrow": Row(r.ScanRequest, narrow_digit),
    "blackbox": Row(r.BlackBoxRequest, query_black_box),
    "photo": Row(r.PhotoRequest, find_in_photo, most=6_000_000),  # 4 MB as base64
    "pixels": Row(r.ScanRequest, flip_pixels),
    "latents": Row(r.PlaneRequest, latent_plane),
    "fool": Row(r.SearchRequest, find_fooling),
    "cell": Row(r.CellRequest, find_examples),
    "judge": Row(r.JudgeRequest, judge),
    "steer": Row(r.SteerRequest, steer),
    "experiment": Row(r.ExperimentRequest, run_experiment),
    "mistake": Row(r.MistakeRequest, run_mistake),
}
FOLLOW = {
    "sweep": Row(r.SweepRequest, run_sweep),
    "transfer": Row(r.TransferRequest, run_transfer),
    "train": Row(r.TrainRequest, run_training),
    "game": Row(r.GameRequest, run_game),
}


def routes(service: Service) -> list[Route]:
    """The routes to all of them."""

    def bound(row: Row) -> Callable[[Visitor, dict[str, Any]], Any]:
        return lambda visitor, given: row.handle(service, visitor, r.parse(row.request, given, service.offered))

    ask, follow = ({name: bound(row) for name, row in table.items()} for table in (ASK, FOLLOW))
    most = {name: row.most for name, row in (ASK | FOLLOW).items()}
    return make_routes(ask, follow, service.limits, most)
