"""How fast it is: `python -m tests.bench`, a few minutes on two idle CPU cores.

The sweep of the test set beside the toolkits that are installed (ART, cleverhans, torchattacks), all on the same
weights and the same device. They attack a LeNet of stock torch modules, as their users have it, at the better of two
batch sizes; the clean accuracy costs them one forward pass. Runs take turns, so that a busy moment hits all. Then a
scan, a drawing, an epoch of training, and the page.

    python -m tests.bench --runs 5 --images 2000
"""

import argparse
import importlib
import statistics
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo.attacks import PGD
from advdemo.images.drawing import to_mnist
from advdemo.images.mnist import load_mnist
from advdemo.measures.scan import scan
from advdemo.measures.sweep import EPSILONS, sweep
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import classify, pick_device
from advdemo.training.train import train
from tests.bench import toolkits
from tests.bench.toolkits import PGD_EPSILON, PGD_STEP_SIZE, PGD_STEPS, TOOLKITS, Attack
from tests.bench.train import report as report_training
from tests.conftest import CHECKPOINT
from tests.toolkits import plain_lenet

BATCH_SIZES = (200, 1000)
TUTORIAL_SAMPLE = 200  # images; the tutorial's loop is extrapolated from them


def toolkit_sweep(model: nn.Module, attack: Attack, images: Tensor, labels: Tensor, batch_size: int) -> list[int]:
    """Images still right at each of EPSILONS."""
    correct = []
    for epsilon in EPSILONS:
        attacked = attack(images, labels, epsilon, batch_size) if epsilon else images
        correct.append(int((classify(model, attacked, batch_size=batch_size) == labels).sum()))
    return correct


def tutorial_loop(model: nn.Module, images: Tensor, labels: Tensor) -> None:
    """The PyTorch tutorial's: one image at a time, a new gradient for each epsilon."""
    for epsilon in EPSILONS:
        for image, label in zip(images.split(1), labels.split(1), strict=True):
            image = image.clone().requires_grad_()
            logits = model(image)
            if logits.argmax(1).item() != label.item():
                continue
            loss = F.cross_entropy(logits, label)
            model.zero_grad()
            loss.backward()
            attacked = torch.clamp(image + epsilon * image.grad.sign(), 0, 1)
            model(attacked).argmax(1).item()


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def bench_sweeps(images: Tensor, labels: Tensor, device: torch.device, runs: int) -> None:
    model = load_checkpoint(CHECKPOINT, device)[0]
    plain = plain_lenet(load_checkpoint(CHECKPOINT, "cpu")[0]).to(device)
    images, labels = images.to(device), labels.to(device)

    contenders = {("advdemo", None): lambda: sweep(model, images, labels).correct.tolist()}
    for name, (distribution, module, remedy) in TOOLKITS.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(module)
        except ImportError as error:
            print(f"{name} is left out ({error}): {remedy}")
            continue
        attack = getattr(toolkits, name.lower())(plain)
        for batch_size in BATCH_SIZES:
            contenders[f"{name} {version(distribution)}", batch_size] = lambda attack=attack, batch_size=batch_size: (
                toolkit_sweep(plain, attack, images, labels, batch_size)
            )

    sweep(model, images[:1000], labels[:1000])  # warm up
    times: dict[tuple, list[float]] = {}
    correct = {}
    for _ in range(runs):
        for key, work in contenders.items():
            taken, correct[key] = seconds(work)
            times.setdefault(key, []).append(taken)
        if len(contenders) == len(times):  # the first time round: keep the better batch size of each
            fastest = {name: min(times[key] for key in times if key[0] == name) for name, _ in times}
            contenders = {key: work for key, work in contenders.items() if times[key] == fastest[key[0]]}
    sample = min(TUTORIAL_SAMPLE, len(images))
    loop, _ = seconds(lambda: tutorial_loop(plain, images[:sample], labels[:sample]))

    best = {key: statistics.median(times[key]) for key in contenders}
    ours = best["advdemo", None]
    print(f"\n{'sweep':22}{'batch':>7}{'seconds':>10}{'x ours':>8}   images right at each epsilon")
    for key, taken in sorted(best.items(), key=lambda item: item[1]):
        print(f"{key[0]:22}{key[1] or '':>7}{taken:10.2f}{taken / ours:8.1f}   {' '.join(map(str, correct[key]))}")
    whole = loop * len(images) / sample
    note = f"(extrapolated from {sample} images in {loop:.2f} s)"
    print(f"{'tutorial loop':22}{1:>7}{whole:10.1f}{whole / ours:8.1f}   {note}")

    counts = np.array([correct[key] for key in best])
    difference = int((counts.max(axis=0) - counts.min(axis=0)).max())
    print(f"largest difference between any two at one epsilon: {difference} images of {len(images)}")
    if len(best) > 1:
        fastest = min(taken for key, taken in best.items() if key[0] != "advdemo")
        print(f"against the fastest toolkit: {fastest / ours:.1f}x")
    if difference > 2:
        raise SystemExit("the accuracies differ by more than two images")


def bench_pgd(images: Tensor, labels: Tensor, device: torch.device, runs: int) -> None:
    """PGD at one epsilon without random start, the same steps for all: the network as above."""
    model = load_checkpoint(CHECKPOINT, device)[0]
    plain = plain_lenet(load_checkpoint(CHECKPOINT, "cpu")[0]).to(device)
    images, labels = images.to(device), labels.to(device)
    settings = PGD(steps=PGD_STEPS, step_size=PGD_STEP_SIZE)
    contenders = {"advdemo": lambda: sweep(model, images, labels, [PGD_EPSILON], attack=settings).correct[0]}
    for name, attack in {"ART": toolkits.art_pgd, "torchattacks": toolkits.torchattacks_pgd}.items():
        try:
            attacked = attack(plain)
        except ImportError as error:
            print(f"{name} is left out ({error})")
            continue
        contenders[name] = lambda attacked=attacked: int((classify(plain, attacked(images, labels)) == labels).sum())
    times: dict[str, list[float]] = {name: [] for name in contenders}
    correct = {}
    for run in range(runs + 1):  # the first is to warm up
        for name, work in contenders.items():
            taken, correct[name] = seconds(work)
            if run:
                times[name].append(taken)
    best = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"\nPGD, {len(images)} images, epsilon {PGD_EPSILON}, {PGD_STEPS} steps of {PGD_STEP_SIZE}")
    for name, taken in best.items():
        print(f"{name:22}{taken:17.2f}{taken / best['advdemo']:8.1f}   {correct[name]} right")


def bench_the_rest(images: Tensor, labels: Tensor, device: torch.device) -> None:
    model, _ = load_checkpoint(CHECKPOINT, device)
    digits = [(images[i].to(device), int(labels[i])) for i in range(100)]
    print(f"\nscan of one digit, 101 epsilons: {median_ms(lambda i: scan(model, *digits[i])):.1f} ms")
    canvases = [np.kron((images[i, 0] * 255).byte().numpy(), np.ones((10, 10), np.uint8)) for i in range(100)]
    by_pgd = median_ms(lambda i: scan(model, *digits[i], attack="pgd"), count=10)
    print(f"the same with PGD, 40 steps at each: {by_pgd:.0f} ms")
    print(f"to_mnist of a 280x280 drawing: {median_ms(lambda i: to_mnist(canvases[i])):.1f} ms")
    epoch = next(train("default", *load_mnist("train"), device=device))
    print(f"an epoch of the default recipe, 60,000 images: {epoch.seconds:.1f} s (the first of {epoch.epochs})")


def median_ms(work: Callable[[int], object], count: int = 100) -> float:
    """Median over `count` inputs, after some to warm up."""
    for i in range(count // 10):
        work(i)
    return 1000 * statistics.median(seconds(lambda i=i: work(i))[0] for i in range(count))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="of each sweep; medians are printed")
    parser.add_argument("--images", type=int, default=10_000, help="test images to sweep")
    parser.add_argument("--no-page", action="store_true", help="leave out the page, which needs Chromium")
    options = parser.parse_args()

    device = pick_device()
    images, labels = load_mnist("test")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"{options.images} test images x {len(EPSILONS)} epsilons, {name}, torch {torch.__version__}, ", end="")
    print(f"median of {options.runs} runs")
    bench_sweeps(images[: options.images], labels[: options.images], device, options.runs)
    bench_pgd(images[: min(1000, options.images)], labels[: min(1000, options.images)], device, options.runs)
    bench_the_rest(images, labels, device)
    report_training(options.runs)
    if not options.no_page:
        from tests.bench.page import report as report_page

        report_page()


if __name__ == "__main__":
    main()
