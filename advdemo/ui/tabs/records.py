"""What the page tells of networks and of earlier measurements, from files that may be damaged: what is no figure is
left out, and said in the log."""

import json
import logging
from collections.abc import Sequence
from typing import Any, TypeGuard

from advdemo import shipped
from advdemo.measures.saved import read_proofs, read_sweep
from advdemo.measures.sweep import EPSILONS, TUTORIAL_ACCURACIES, SweepResult
from advdemo.training.reproduce import load_result, mean_and_spread

GAME = shipped("game.json")  # what `python -m tests.bench.game --write` saw of a game from nothing
MEASURES = ("epoch", "learning_rate", "train_loss", "train_accuracy")  # and of held-out images, where there were some
# of a record's `robustness`, each in 0..1
SHARES = ("epsilon", "clean", "fgsm", "pgd", "bpda", "momentum", "square", "autoattack", "certified")
DRAWN = ("steps", "real", "fake", "read", "variety")  # of a view of a game
COUNTS = ("autoattack_images", "pixels", "pixels_images")


def binarised_record(record: dict[str, Any]) -> dict[str, Any]:
    """What the standard network's record holds of it behind rounded pixels, in the form of a record of its own."""
    measured = record.get("binarised")
    return measured if isinstance(measured, dict) else {}


def accuracies(records: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The accuracy on the test images, in 0..1, of each network that has one in its record."""
    return {
        name: record["test_accuracy"] for name, record in records.items() if is_share(record, "test_accuracy", name)
    }


def robustness(records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any] | None]:
    """What was measured of each network under attacks: numbers under SHARES and COUNTS, or None."""
    return {name: _figures(record.get("robustness"), name) for name, record in records.items()}


def reference() -> dict[str, Any]:
    """The curve that the tutorial published and, if it was measured here, its repetition: {"epsilons", "tutorial",
    "reproduced", "seeds"}."""
    curves = {"epsilons": EPSILONS, "tutorial": TUTORIAL_ACCURACIES, "reproduced": None}
    try:
        result = load_result()
    except ValueError as error:
        logging.getLogger(__name__).warning("Without the repeated curve: %s", error)
        result = None
    if result is None:
        return curves
    means = [mean for mean, _ in mean_and_spread(result, "nll-on-logits")]
    return curves | {"reproduced": means, "seeds": len(result["runs"])}


def saved_sweep(record: dict[str, Any]) -> SweepResult | None:
    """The sweep kept in a network's record, or None."""
    if "sweep" not in record:
        return None
    try:
        return read_sweep(record["sweep"])
    except ValueError as error:
        logging.getLogger(__name__).warning("Without the saved curve: %s", error)
        return None


def saved_proofs(records: dict[str, dict[str, Any]]) -> dict[str, dict[int, float]]:
    """The certified epsilons kept in the networks' records, by network and index of the test image."""
    proofs = {}
    for name, record in records.items():
        if "proofs" not in record:
            continue
        try:
            proofs[name] = read_proofs(record["proofs"])
        except ValueError as error:
            logging.getLogger(__name__).warning("Without the saved proofs: %s", error)
    return proofs


def training_history(record: dict[str, Any]) -> dict[str, Any] | None:
    """How a network learnt, for its curves: {"recipe", "seed", "holdout", "epoch": the one that was kept, "epochs":
    {"epoch", "learning_rate", "train_loss", ...} of each}; None where that is not known."""
    epochs = record.get("history")
    if not _are_numbers(epochs, MEASURES):
        return None
    drawn = [{name: _rounded(value) for name, value in epoch.items()} for epoch in epochs]
    return {name: record.get(name) for name in ("recipe", "seed", "holdout", "epoch")} | {"epochs": drawn}


def example_game() -> dict[str, Any] | None:
    """How one game went from nothing: {"seed", "views": what DRAWN names of each}, or None."""
    try:
        told = json.loads(GAME.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        logging.getLogger(__name__).warning("Without the curves of an example: %s", error)
        return None
    views = told.get("views") if isinstance(told, dict) else None
    return {"seed": told.get("seed"), "views": views} if _are_numbers(views, DRAWN) else None


def _rounded(value: Any) -> Any:
    """To the five digits that a curve can show: the page holds the history of its network."""
    return float(f"{value:.5g}") if isinstance(value, float) else value


def _are_numbers(rows: object, names: Sequence[str]) -> TypeGuard[list[dict[str, Any]]]:
    """Whether there are rows, each with a number under each of the names."""

    def is_good(row: object) -> bool:
        return isinstance(row, dict) and all(isinstance(row.get(name), (int, float)) for name in names)

    return isinstance(rows, list) and bool(rows) and all(map(is_good, rows))


def is_share(record: dict[str, Any], name: str, network: str) -> bool:
    """Whether the record has a number in 0..1 of this name; what else it has is logged."""
    value = record.get(name)
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
    if value is not None and not good:
        logging.getLogger(__name__).warning(
            "The record of the %s network has no number from 0 to 1 as %s: restore its file with "
            "`git checkout -- checkpoints`",
            network,
            name,
        )
    return good


def _figures(measured: object, network: str) -> dict[str, Any] | None:
    if not isinstance(measured, dict):
        return None
    figures = {name: measured[name] for name in SHARES if is_share(measured, name, network)}
    counts = {name: measured.get(name) for name in COUNTS}
    return figures | {name: count if isinstance(count, int) else None for name, count in counts.items()}
