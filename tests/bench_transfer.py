"""Which attack carries over best: `python -m tests.bench_transfer`, some minutes on two CPU cores.

Adversarial examples of the first 1,000 test images are made on the shipped standard LeNet and tried on another one,
trained here with the recipe `quick` and another seed, and on the shipped robust one. The ensemble's are made on two
networks at once: the shipped one and a third, of recipe `quick` and yet another seed. Printed is the accuracy left,
the mean over several such pairs of networks trained here, and the smallest and the largest. Lower: carries better.
"""

import argparse

import torch
from torch import Tensor, nn

from advdemo.attacks import DIM, Momentum, Settings
from advdemo.images.mnist import load_mnist
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.ensemble import Ensemble
from advdemo.networks.fast import FastLeNet
from advdemo.networks.predict import freeze, pick_device
from advdemo.training.train import train
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT

COMMAND = "python -m tests.bench_transfer"
EPSILONS = (0.1, 0.2, 0.3)
IMAGES = 1000
ATTACKS: dict[str, str | Settings] = {
    "noise": "noise",
    "FGSM": "fgsm",
    "PGD, 40 steps": "pgd",
    "MI-FGSM": Momentum(),
    "the same without momentum": Momentum(decay=0.0),
    "DIM": DIM(),
}


def train_quickly(seed: int, images: Tensor, labels: Tensor) -> nn.Module:
    """A standard LeNet, after the last epoch of the recipe `quick`."""
    *_, last = train("quick", images, labels, seed=seed, device=images.device)
    network = FastLeNet()
    network.load_state_dict(last.weights)
    return freeze(network).to(images.device)


def measure(source: nn.Module, partner: nn.Module, victims: dict[str, nn.Module], data: tuple) -> dict:
    """{(attack, victim): accuracy left at each epsilon}."""
    results = {}
    for victim, model in victims.items():
        for name, attack in ATTACKS.items():
            results[name, victim] = sweep(model, *data, EPSILONS, attack=attack, source=source).accuracies
        for name in ("MI-FGSM", "DIM"):
            both = sweep(model, *data, EPSILONS, attack=ATTACKS[name], source=Ensemble([source, partner]))
            results[f"{name} on an ensemble of two", victim] = both.accuracies
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="how many times to train a victim and a partner")
    options = parser.parse_args()
    device = pick_device()
    training = [tensor.to(device) for tensor in load_mnist("train")]
    data = tuple(tensor[:IMAGES].to(device) for tensor in load_mnist("test"))
    source, robust = (load_checkpoint(path, device)[0] for path in (CHECKPOINT, ROBUST_CHECKPOINT))
    runs = []
    for pair in range(options.pairs):
        victim, partner = (train_quickly(seed, *training) for seed in (2 * pair + 1, 2 * pair + 2))
        runs.append(measure(source, partner, {"another standard LeNet": victim, "robust": robust}, data))
        print(f"pair {pair + 1} of {options.pairs} measured", flush=True)
    print("| made by | tried on |", " | ".join(f"ε = {epsilon:g}" for epsilon in EPSILONS), "|")
    print("| --- | --- |" + " --- |" * len(EPSILONS))
    for name, victim in runs[0]:
        left = torch.tensor([run[name, victim].tolist() for run in runs])
        cells = (f"{c.mean():.3f} ({c.min():.3f} to {c.max():.3f})" for c in left.T)
        print(f"| {name} | {victim} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
