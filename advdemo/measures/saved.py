"""A sweep kept in a network's record, for the page to show before anybody has run one."""

from typing import Any

import numpy as np
from torch import Tensor, nn

from advdemo.measures.sweep import EPSILONS, SweepResult, sweep

NO_SWEEP = "a record's sweep is not one: `python -m advdemo measure` writes it anew"


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
