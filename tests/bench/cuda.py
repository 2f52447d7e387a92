"""Is CUDA as good as the CPU, and how fast is it? `python -m tests.bench.cuda`, at most three minutes on a GPU.

What the CPU and the GPU make of the same networks, in float32 and with TF32 on, which the package forbids: gradient
signs, the smallest epsilon that fools, accuracies; each attack; proofs, and whether exact values lie within every
interval; steps of each training, resumed and repeated; seconds, each the best of some runs after others to warm up.
It needs torch, NumPy and safetensors alone. A table is printed, and written as JSON after each part; the exit status
is 1 when a part failed or found what must not be.

    python -m tests.bench.cuda --out cuda.json
"""

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from advdemo.attacks import pgd, square
from advdemo.images.mnist import load_mnist
from advdemo.measures.sweep import CUDA_BATCH, EPSILONS, sweep
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy
from advdemo.training.recipes import RECIPES
from advdemo.training.train import train
from tests.bench.cuda_parts import CUDA, Comparison, Sizes

COMMAND = "python -m tests.bench.cuda"
TINY = Sizes(images=12, attacked=2, proofs=1, queries=5, steps=2, training=100, runs=1)
PARTS = ("machine", "agreement", "attacks", "proofs", "trainings")
LONGEST = 10.0  # seconds that one timing may take, whatever the number of runs


def measure(sizes: Sizes, out: Path | None = None) -> dict:
    """The figures of every part; one that fails leaves the others be."""
    bench, found = Comparison(sizes), {}
    work = {name: getattr(bench, name) for name in PARTS} | {"seconds": lambda: seconds(bench)}
    for part, compute in work.items():
        started = time.perf_counter()
        try:
            found[part] = compute()
        except Exception as error:
            traceback.print_exc()
            found[part] = {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(f"{part}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        if out is not None:
            out.write_text(json.dumps(dict(flat(found)), indent=1))
    return found


def seconds(bench: Comparison) -> dict:
    """Best times; the images lie on the device but where it says so."""
    sizes, network = bench.sizes, bench.networks["standard"][CUDA]
    images, labels = bench.some(sizes.images, CUDA)
    batches = list(zip(images.split(CUDA_BATCH), labels.split(CUDA_BATCH), strict=True))
    few = bench.some(1000, CUDA)
    training, truth = (part[: sizes.training] for part in load_mnist("train"))
    epochs = train(replace(RECIPES["default"], epochs=2 * sizes.runs + 2), training, truth, device=CUDA)
    found: dict = {}
    torch.cuda.reset_peak_memory_stats(CUDA)
    for name, work in {
        f"sweep, {len(images)} x {len(EPSILONS)}": lambda: sweep(network, images, labels),
        "sweep, images in main memory": lambda: sweep(network, bench.images, bench.labels),
        f"PGD-{sizes.steps}, {len(images)}": lambda: [
            pgd(network, *batch, 0.1, steps=sizes.steps) for batch in batches
        ],
        f"Square, {sizes.queries} queries, {len(few[0])}": lambda: square(network, *few, 0.1, queries=sizes.queries),
        "epoch of the default recipe": lambda: next(epochs),
    }.items():
        found[name] = best_of(sizes.runs, work)
    started = time.perf_counter()
    *_, last = train("quick", training, truth, device=CUDA)
    found["quick recipe"] = time.perf_counter() - started
    quick = LeNet()
    quick.load_state_dict(last.weights)
    found["quick recipe, accuracy"] = accuracy(quick.to(CUDA), images, labels)
    found["peak memory, GB"] = torch.cuda.max_memory_allocated(CUDA) / 1e9
    return found


def best_of(runs: int, work: Callable[[], object]) -> float:
    """Seconds of the best of so many runs, or of as many as LONGEST allows, after one or two to warm up."""
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < runs + 2 and (len(times) < 3 or time.perf_counter() - began < LONGEST):
        torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return min(times[2:])


def objections(found: dict) -> list[str]:
    """What must not be, of the figures of all parts."""
    rows = dict(flat(found))
    said = [f"{name}: {value}" for name, value in rows.items() if name.endswith("failed")]
    said += [f"{name}: {value}" for name, value in rows.items() if name.endswith("same weights") and not value]
    zero = ("that differ", "float64", "beyond epsilon")
    said += [
        f"{name}: {value}"
        for name, value in rows.items()
        if name.startswith(("proofs", "attacks")) and name.endswith(zero) and value
    ]
    return said


def flat(found: dict, before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{name} / ")
        else:
            yield before + name, value.item() if isinstance(value, np.generic) else value


def table(found: dict) -> str:
    rows = ((name, f"{value:.4g}" if isinstance(value, float) else value) for name, value in flat(found))
    return "\n".join(["| what | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="of the JSON; none is written without it")
    parser.add_argument("--tiny", action="store_true", help="a few images of everything, to see that it runs")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA device here to compare with the CPU.")
    found = measure(TINY if options.tiny else Sizes(), options.out)
    print(table(found))
    if wrong := objections(found):
        sys.exit("Not as it should be:\n" + "\n".join(wrong))


if __name__ == "__main__":
    main()
