"""Is what is proved true? Every proof against every attack: `python -m tests.bench.soundness`, half an hour of a core.

For each of the three networks and each of the 10,000 test images: the largest epsilon that intervals prove, to 1e-4,
and what CROWN proves at one epsilon (CROWN_EPSILONS, where it proves some images and not others). Then FGSM, PGD (40
steps) and Square attack each image with all that is proved of it. One success is one proof that is false: it is
printed, and the exit status is 1. That the attacks can succeed at all is seen on the first images at epsilon 0.3.

    python -m tests.bench.soundness --images 1000 --queries 100    # some two minutes
    python -m tests.bench.soundness --undecided 100                # how wide the gap between proofs and attacks is
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from advdemo.attacks import fgsm, pgd, square
from advdemo.images.mnist import load_mnist
from advdemo.measures.bounds import RESOLUTION, certified_epsilon
from advdemo.measures.linear_bounds import linear_margins
from advdemo.measures.sweep import each_core
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.intervals import margins, pixel_box
from advdemo.networks.predict import classify
from tests.conftest import CERTIFIED_CHECKPOINT, CHECKPOINT, ROBUST_CHECKPOINT

COMMAND = "python -m tests.bench.soundness"
CROWN_EPSILONS = {CHECKPOINT: 0.02, ROBUST_CHECKPOINT: 0.03, CERTIFIED_CHECKPOINT: 0.35}
BATCH = 250
BEYOND, BEYOND_IMAGES = 0.3, 1000
ATTACKS = {
    "FGSM": lambda queries: fgsm,
    "PGD": lambda queries: pgd,
    "Square": lambda queries: lambda *inputs: square(*inputs, queries=queries),
}


@torch.inference_mode()
def proved_by_intervals(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """float64 (N,): the largest epsilons proved, in steps of RESOLUTION, 0 for nothing; all images bisected at once."""
    low = torch.full((len(images),), -1, dtype=torch.long)
    high = torch.full_like(low, round(1 / RESOLUTION) + 1)
    while ((high - low) > 1).any():
        step = (low + high) // 2
        epsilons = (step.clamp(min=0) * RESOLUTION).float().view(-1, 1, 1, 1)
        lowest = margins(model, pixel_box(images, epsilons), labels).scatter(1, labels[:, None], torch.inf)
        held = (lowest > 0).all(1)
        low, high = torch.where(held, step, low), torch.where(held, high, step)
    return low.clamp(min=0) * RESOLUTION


def proved_by_crown(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, left: Tensor) -> Tensor:
    """float64 (N,): `epsilon` where it is proved, 0 elsewhere; only the images `left`, bool (N,), are asked about."""
    found = torch.zeros(len(images), dtype=torch.float64)
    for i in left.nonzero().flatten().tolist():
        found[i] = epsilon * (linear_margins(model, images[i], epsilon, int(labels[i])).min().item() > 0)
    return found


def proved(model: nn.Module, images: Tensor, labels: Tensor, crown: float) -> dict[str, Tensor]:
    """By method, what is proved of each image, float64 (N,)."""
    by_intervals = proved_by_intervals(model, images, labels)
    left = (classify(model, images) == labels) & (by_intervals < crown)
    return {"intervals": by_intervals, "crown": proved_by_crown(model, images, labels, crown, left)}


def fooled(model: nn.Module, images: Tensor, labels: Tensor, epsilons: Tensor, queries: int) -> dict[str, Tensor]:
    """By attack, bool (N,): is there a success within `epsilons` (N,)? Images of epsilon 0 are left alone."""
    found = {name: torch.zeros(len(images), dtype=torch.bool) for name in ATTACKS}
    asked = epsilons.nonzero().flatten()
    if len(asked):
        sizes = epsilons[asked].float().view(-1, 1, 1, 1)
        for name, make in ATTACKS.items():
            attacked = make(queries)(model, images[asked], labels[asked], sizes)
            found[name][asked] = classify(model, attacked) != labels[asked]
    return found


def in_batches(work: Callable[..., dict[str, Tensor]], *tensors: Tensor) -> dict[str, Tensor]:
    """`work` of each batch, a dictionary of tensors (n,), on each core, put together again."""
    with each_core(torch.device("cpu")) as pool:
        parts = list(pool.map(work, *(tensor.split(BATCH) for tensor in tensors)))
    return {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


def check(model: nn.Module, images: Tensor, labels: Tensor, crown: float, queries: int) -> int:
    """Print what is proved and what attacks make of it; how many proofs are false."""
    proofs = in_batches(lambda *batch: proved(model, *batch, crown), images, labels)
    for method, epsilons in proofs.items():
        some = epsilons[epsilons > 0]
        largest = f", median {some.median():.4f}, largest {some.max():.4f}" if len(some) else ""
        print(f"  {method:9} proves something of {len(some)} images{largest}", flush=True)
    everything = torch.stack(list(proofs.values())).amax(0)
    within = in_batches(lambda *batch: fooled(model, *batch, queries), images, labels, everything)
    few = torch.where(torch.arange(len(images)) < BEYOND_IMAGES, BEYOND, 0.0)  # 0: not attacked
    beyond = in_batches(lambda *batch: fooled(model, *batch, queries), images, labels, few)
    false = 0
    for name in ATTACKS:
        turned = within[name] | (beyond[name] & (everything >= BEYOND))
        print(
            f"  {name:9} {int((everything > 0).sum())} images attacked within their proof: {int(turned.sum())} fooled;"
            f" at {BEYOND}: {int(beyond[name].sum())} of {int((few > 0).sum())}",
            flush=True,
        )
        for i in turned.nonzero().flatten().tolist():
            print(f"  FALSE: image {i}, proved up to {everything[i]:.4f}, {name} succeeds within", flush=True)
        false += int(turned.sum())
    return false


def measure_undecided(model: nn.Module, images: Tensor, labels: Tensor) -> None:
    """Print the certified epsilon as a share of the smallest at which PGD (100 steps, 5 restarts) is found to succeed,
    of images that are classified correctly."""
    right = classify(model, images) == labels
    images, labels = images[right], labels[right]
    proofs = torch.tensor(
        [certified_epsilon(model, image, int(label)) for image, label in zip(images, labels, strict=True)]
    )
    low, high = proofs.clone(), torch.ones_like(proofs)
    for _ in range(12):
        middle = (low + high) / 2
        attacked = pgd(model, images, labels, middle.view(-1, 1, 1, 1), steps=100, random_start=True, restarts=5)
        fooled = classify(model, attacked) != labels
        low, high = torch.where(fooled, low, middle), torch.where(fooled, middle, high)
    shares = proofs / high
    print(
        f"  certified / smallest success of PGD, {len(shares)} images: median {shares.median():.2f}, mean"
        f" {shares.mean():.2f}; medians {proofs.median():.4f} and {high.median():.4f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path, nargs="*", default=list(CROWN_EPSILONS))
    parser.add_argument("--images", type=int, default=10_000, help="from the first")
    parser.add_argument("--queries", type=int, default=300, help="of Square")
    parser.add_argument(
        "--undecided", type=int, metavar="N", help="of the first N images: certificates beside PGD alone"
    )
    options = parser.parse_args()
    if options.undecided:
        for path in options.checkpoints:
            print(path.stem, flush=True)
            network = load_checkpoint(path, "cpu")[0]
            measure_undecided(network, *(part[: options.undecided] for part in load_mnist("test")))
        return
    images, labels = (part[: options.images] for part in load_mnist("test"))
    false = 0
    for path in options.checkpoints:
        crown = CROWN_EPSILONS[path.resolve()]
        started = time.process_time()
        print(f"{path.stem}: {len(images)} images, CROWN at {crown}", flush=True)
        false += check(load_checkpoint(path, "cpu")[0], images, labels, crown, options.queries)
        print(f"  in {time.process_time() - started:.0f} s of computing", flush=True)
    if false:
        raise SystemExit(f"{false} proofs are false")
    print("no attack succeeds within what is proved")


if __name__ == "__main__":
    main()
