"""Training speed: our loop beside the tutorial's DataLoader loop, and the time a recipe takes to 99.04%.

Run by `python -m tests.bench`; alone: `python -m tests.bench.train`.
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

from advdemo.images.mnist import MNIST_DIR, load_mnist
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, pick_device
from advdemo.training.train import EpochRecord, hold_out, train

TRAINING, VALIDATION = 9_600, 1_600  # images of a short epoch; a whole one is 60,000 and 10,000
TARGET = 0.9904  # what the tutorial reaches


def tutorial_epochs(root: str, device: torch.device) -> Iterator[None]:
    """The tutorial's training loop as its readers have it: PIL images, transforms, a DataLoader, and for the curves the
    loss and accuracy of each batch, in training and in validation."""
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])

    def loader(train: bool, count: int) -> DataLoader:
        digits = datasets.MNIST(root, train=train, download=True, transform=transform)
        return DataLoader(Subset(digits, range(count)), 64, shuffle=train)

    batches = {True: loader(True, TRAINING), False: loader(False, VALIDATION)}
    plain = LeNet()
    model = nn.Sequential(plain.conv, nn.Flatten(), plain.fc)  # the loader normalises
    model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9, nesterov=True, weight_decay=5e-4)
    while True:
        for training, part in batches.items():
            model.train(training)
            total, correct = 0.0, 0
            with torch.set_grad_enabled(training):
                for images, labels in part:
                    images, labels = images.to(device), labels.to(device)
                    logits = model(images)
                    loss = F.cross_entropy(logits, labels)
                    if training:
                        optimizer.zero_grad()
                        loss.backward()
                        optimizer.step()
                    total += loss.item()
                    correct += (logits.argmax(1) == labels).sum().item()
        yield


def our_epochs(device: torch.device) -> Iterator[EpochRecord]:
    (images, labels), (test_images, truth) = load_mnist("train"), load_mnist("test")
    held_out = test_images[:VALIDATION], truth[:VALIDATION]
    return train("tutorial", images[:TRAINING], labels[:TRAINING], validation=held_out, device=device)


def compare_epochs(runs: int, device: torch.device) -> None:
    with tempfile.TemporaryDirectory() as root:
        raw = Path(root) / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for archive in MNIST_DIR.glob("*.gz"):
            shutil.copy(archive, raw)
        loops = {"DataLoader loop": tutorial_epochs(root, device), "advdemo": our_epochs(device)}
        times: dict[str, list[float]] = {name: [] for name in loops}
        for run in range(runs + 1):  # they take turns; the first is to warm up
            for name, epochs in loops.items():
                started = time.perf_counter()
                next(epochs)
                if run:
                    times[name].append((time.perf_counter() - started) * 60_000 / TRAINING)
    ours, theirs = (statistics.median(times[name]) for name in ("advdemo", "DataLoader loop"))
    print(
        f"an epoch at batch 64 with its validation (from {TRAINING} + {VALIDATION} images, median of {runs}): ", end=""
    )
    print(f"{ours:.1f} s; DataLoader loop {theirs:.1f} s, {theirs / ours:.1f}x")


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
