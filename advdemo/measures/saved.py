"""What is measured once and kept in a network's record, for the page to show at once: a sweep, and proofs."""

from typing import Any

import numpy as np
from torch import Tensor, nn

from advdemo import CLASSES
from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.sweep import EPSILONS, SweepResult, sweep

EACH = 35  # images of each class are proved
NO_SWEEP = "a record's sweep is not one: `python -m advdemo measure` writes it anew"
NO_PROOFS = "a record's proofs are none: `python -m advdemo measure` writes them anew"


def sweep_record(network: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """The sweep of a network under FGSM as JSON values: {"epsilons", "flips" (E, 10, 10), "first_flips" (E + 1,)},
    as `SweepResult` has them. Arguments and errors as of `sweep`."""
    result = sweep(network, images, labels)
    return {
        "epsilons": list(EPSILONS),
        "flips": result.flips.tolist(),
        "first_flips": result.first_flips.tolist(),
    }


def read_sweep(kept: dict[str, Any]) -> SweepResult:
    """What `sweep_record` wrote; ValueError for anything else."""
    try:
        epsilons = np.array(kept["epsilons"], dtype=np.float64)
        flips, first = (np.array(kept[name], dtype=np.int64) for name in ("flips", "first_flips"))
        sizes = {int(row.sum()) for row in flips} | {int(first.sum())}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(NO_SWEEP) from error
    rows = epsilons.size
    counts = min(flips.min(initial=0), first.min(initial=0)) >= 0 and len(sizes) == 1 and sizes != {0}
    if not counts or (epsilons.shape, flips.shape, first.shape) != ((rows,), (rows, 10, 10), (rows + 1,)):
        raise ValueError(NO_SWEEP)
    return SweepResult(epsilons=epsilons, flips=flips, first_flips=first, total=sizes.pop(), examples=((),) * rows)


def proof_record(network: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """`certified_epsilon` of the first EACH images of each class as JSON values: {"indices", "epsilons"}. Arguments
    and errors as of `certified_epsilon`; about two minutes."""
    indices = first_of_each_class(labels)
    return {
        "indices": indices,
        "epsilons": [certified_epsilon(network, images[index], int(labels[index])) for index in indices],
    }


def first_of_each_class(labels: Tensor) -> list[int]:
    """The indices of the first EACH images of each class, class by class."""
    return [int(index) for digit in range(CLASSES) for index in (labels == digit).nonzero()[:EACH, 0]]


def read_proofs(kept: dict[str, Any]) -> dict[int, float]:
    """What `proof_record` wrote, by index; ValueError for anything else."""
    try:
        proofs = dict(zip(kept["indices"], kept["epsilons"], strict=True))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(NO_PROOFS) from error
    if not all(type(index) is int and isinstance(at, (int, float)) and 0 <= at <= 1 for index, at in proofs.items()):
        raise ValueError(NO_PROOFS)
    return proofs
