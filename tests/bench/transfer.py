"""Which attack transfers best: `python -m tests.bench.transfer`, some minutes on two CPU cores.

Adversarial examples of the first 1,000 test images are made on the shipped standard LeNet and tried on another one,
trained here with the recipe `quick` and another seed, and on the shipped robust one. The ensemble's are made on two
networks at once: the shipped one and a third, of recipe `quick` and yet another seed. Printed is the accuracy left,
the mean over the pairs of networks trained so far, and the smallest and the largest. Lower: better transfer.
"""

import argparse

import torch
from torch import Tensor, nn

from advdemo.attacks import DIM, Momentum, Settings, find_attack
from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.ensemble import Ensemble
from advdemo.networks.fast import FastLeNet
from advdemo.networks.predict import accuracy, freeze, pick_device
from advdemo.training.train import train
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT

COMMAND = "python -m tests.bench.transfer"
EPSILONS = (0.1, 0.2, 0.3)
IMAGES, BATCH = 1000, 100
ATTACKS: dict[str, str | Settings] = {
    "noise": "noise",
    "FGSM": "fgsm",
    "PGD, 40 steps": "pgd",
    "MI-FGSM": Momentum(),
    "MI-FGSM without momentum": Momentum(decay=0.0),
    "DIM": DIM(),
}
TOGETHER = {"MI-FGSM on two networks": Momentum(), "DIM on two networks": DIM()}


def train_quickly(seed: int, images: Tensor, labels: Tensor) -> nn.Module:
    """A standard LeNet, after the last epoch of the recipe `quick`."""
    *_, last = train("quick", images, labels, seed=seed, device=images.device)
    network = FastLeNet()
    network.load_state_dict(last.weights)
    return freeze(network).to(images.device)


def make_examples(attacks: dict, source: nn.Module, images: Tensor, labels: Tensor) -> dict[str, list[Tensor]]:
    """{attack: adversarial images at each epsilon}."""
    made = {}
    for name, attack in attacks.items():
        settings = find_attack(attack)[1]
        batches = zip(images.split(BATCH), labels.split(BATCH), strict=True)
        prepared = [settings.prepare(source, *batch) for batch in batches]
        made[name] = [torch.cat([batch.at(epsilon) for batch in prepared]) for epsilon in EPSILONS]
    return made


def print_table(runs: list[dict]) -> None:
    print("| made by | tried on |", " | ".join(f"ε = {epsilon:g}" for epsilon in EPSILONS), "|")
    print("| --- | --- |" + " --- |" * len(EPSILONS))
    for name, victim in runs[0]:
        left = torch.tensor([run[name, victim] for run in runs])
        cells = (f"{c.mean():.3f} ({c.min():.3f} to {c.max():.3f})" for c in left.T)
        print(f"| {name} | {victim} |", " | ".join(cells), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="how many times to train a victim and a partner")
    options = parser.parse_args()
    device = pick_device()
    training = [tensor.to(device) for tensor in load_mnist("train")]
    images, labels = (tensor[:IMAGES].to(device) for tensor in load_mnist("test"))
    source, robust = (load_checkpoint(path, device)[0] for path in (CHECKPOINT, ROBUST_CHECKPOINT))
    made = make_examples(ATTACKS, source, images, labels)
    runs = []
    for pair in range(options.pairs):
        victim, partner = (train_quickly(seed, *training) for seed in (2 * pair + 1, 2 * pair + 2))
        made |= make_examples(TOGETHER, Ensemble([source, partner]), images, labels)
        victims = {"itself": source, "another standard LeNet": victim, "robust": robust}
        runs.append(
            {
                (name, tried_on): [accuracy(model, attacked, labels) for attacked in made[name]]
                for tried_on, model in victims.items()
                for name in made
            }
        )
        print(f"after pair {pair + 1} of {options.pairs}:", flush=True)
        print_table(runs)


if __name__ == "__main__":
    main()
