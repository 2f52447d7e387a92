"""What the page tells of networks and of earlier measurements, from files that may be damaged: what is no figure is
left out, and said in the log."""

import logging

from advdemo.measures.sweep import EPSILONS, TUTORIAL_ACCURACIES
from advdemo.training.reproduce import load_result, mean_and_spread

# of a record's `robustness`, each in 0..1
SHARES = ("epsilon", "clean", "fgsm", "pgd", "bpda", "momentum", "square", "autoattack", "certified")


def binarised_record(record: dict) -> dict:
    """What the standard network's record holds of it behind rounded pixels, in the form of a record of its own."""
    measured = record.get("binarised")
    return measured if isinstance(measured, dict) else {}


def accuracies(records: dict[str, dict]) -> dict[str, float]:
    """The accuracy on the test images, in 0..1, of each network that has one in its record."""
    return {
        name: record["test_accuracy"] for name, record in records.items() if is_share(record, "test_accuracy", name)
    }


def robustness(records: dict[str, dict]) -> dict[str, dict | None]:
    """What was measured of each network under attacks: numbers under SHARES and `autoattack_images`, or None."""
    return {name: _figures(record.get("robustness"), name) for name, record in records.items()}


def reference() -> dict:
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


def is_share(record: dict, name: str, network: str) -> bool:
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


def _figures(measured: object, network: str) -> dict | None:
    if not isinstance(measured, dict):
        return None
    figures = {name: measured[name] for name in SHARES if is_share(measured, name, network)}
    count = measured.get("autoattack_images")
    return figures | {"autoattack_images": count if isinstance(count, int) else None}
