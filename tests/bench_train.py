"""Training speed: our loop beside the tutorial's DataLoader loop, and the time a recipe takes to 99.04%.

Run by `python -m tests.bench`; alone: `python -m tests.bench_train`.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from advdemo.data import MNIST_DIR, load_mnist
from advdemo.model import LeNet, accuracy, pick_device
from advdemo.recipes import pick_recipe
from advdemo.train import Step, hold_out, stream, train
from tests.test_model import plain_lenet

STEPS = 150  # of batch 64; an epoch is 938
TARGET = 0.9904  # what the tutorial reaches


def tutorial_steps(root: str, device: torch.device) -> Iterator[None]:
    """The tutorial's training loop as its readers have it: PIL images, transforms, a DataLoader, `.item()` a batch."""
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    loader = DataLoader(datasets.MNIST(root, train=True, download=True, transform=transform), 64, shuffle=True)
    _, model = plain_lenet(LeNet())  # without its first step, normalisation: the loader does that
    model.train().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9, nesterov=True, weight_decay=5e-4)
    total = 0.0
    while True:
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
            yield


def our_steps(device: torch.device) -> Iterator[Step]:
    recipe = pick_recipe("tutorial", epochs=5)
    return (event for event in stream(recipe, *load_mnist("train"), device=device) if isinstance(event, Step))


def compare_epochs(runs: int, device: torch.device) -> None:
    with tempfile.TemporaryDirectory() as root:
        raw = Path(root) / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for archive in MNIST_DIR.glob("*.gz"):
            shutil.copy(archive, raw)
        loops = {"DataLoader loop": tutorial_steps(root, device), "advdemo": our_steps(device)}
        times: dict[str, list[float]] = {name: [] for name in loops}
        for run in range(runs + 1):  # they take turns; the first is to warm up
            for name, steps in loops.items():
                started = time.perf_counter()
                for _ in islice(steps, STEPS):
                    pass
                if run:
                    times[name].append((time.perf_counter() - started) * 938 / STEPS)
    ours, theirs = (statistics.median(times[name]) for name in ("advdemo", "DataLoader loop"))
    print(f"an epoch at batch 64 (extrapolated from {STEPS} steps, median of {runs}): {ours:.1f} s; ", end="")
    print(f"DataLoader loop {theirs:.1f} s, {theirs / ours:.1f}x")


def time_to_target(recipe: str, device: torch.device) -> None:
    """Seconds of training to the end of the recipe, and its test accuracy, measured once, of the epoch best on
    held-out images."""
    images, labels = load_mnist("train")
    kept, held_out = hold_out(images, labels, 5000, seed=0)
    started = time.perf_counter()
    best = max(train(recipe, *kept, validation=held_out, device=device), key=lambda epoch: epoch.validation_accuracy)
    taken = time.perf_counter() - started
    model = LeNet()
    model.load_state_dict(best.weights)
    reached = accuracy(model, *load_mnist("test"))
    verdict = "reaches" if reached >= TARGET else "does not reach"
    print(f"recipe {recipe!r}: {taken:.0f} s, test accuracy {reached:.2%}, {verdict} the tutorial's {TARGET:.2%}")


def report(runs: int = 3) -> None:
    device = pick_device()
    compare_epochs(runs, device)
    time_to_target("quick", device)


if __name__ == "__main__":
    report()
