"""How good the shipped generator is: `python -m tests.bench.gan`, some ten minutes on two CPU cores.

Judged by networks that had no part in its training: the shipped LeNet, whose features the Frechet distance is taken in,
and LeNets trained here by the recipe `quick`, on real digits or on 60,000 generated ones alone. Beside each figure
stands what real digits get: test images; for the Frechet distance, training images.

    python -m tests.bench.gan a.safetensors b.safetensors    # other generators
    python -m tests.bench.gan --write                        # also puts the figures into the checkpoint's record
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from advdemo import MEAN, STD
from advdemo.attacks.latent import search_latents
from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint, save_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.networks.generator import Generator, generate, plane, round_latents
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, freeze
from advdemo.training.pair import halved
from advdemo.training.train import train
from advdemo.ui.service.pairs import load_pairs
from tests.conftest import CHECKPOINT

COMMAND = "python -m tests.bench.gan"
COUNT = 10_000
SHIPPED = "the shipped LeNet"
STUDENT = "test accuracy of a LeNet trained on 60,000"
JUDGE_SEED = 7  # of the second judge, which no other part of the project knows


@torch.no_grad()
def features(network: LeNet, images: Tensor) -> Tensor:
    """float64 (N, 84): what LeNet's last hidden layer makes of images."""
    hidden = [network.fc[:4](network.conv((batch - MEAN) / STD).flatten(1)) for batch in images.split(500)]
    return torch.cat(hidden).double()


def frechet_distance(one: Tensor, other: Tensor) -> float:
    """Between normal distributions fitted to points (N, D) (Heusel et al., 2017): squared distance of the means, plus
    trace(A + B - 2 (A B)^(1/2)) of the covariances."""
    a, b = one.T.cov(), other.T.cov()
    root = torch.linalg.eigvals(a @ b).real.clamp(min=0).sqrt().sum()
    return float((one.mean(0) - other.mean(0)).square().sum() + a.trace() + b.trace() - 2 * root)


def spread(images: Tensor) -> float:
    """The mean distance of images (N, 1, 28, 28) from their mean, as the root of the pixels' summed squares."""
    return (images - images.mean(0)).flatten(1).norm(dim=1).mean().item()


def nearest(images: Tensor, others: Tensor) -> Tensor:
    """The distance of each of the images to the nearest of the others."""
    flat, rest = images.flatten(1), others.flatten(1)
    return torch.cat([torch.cdist(part, rest).min(1).values for part in flat.split(250)])


def trained_on(images: Tensor, labels: Tensor, seed: int) -> LeNet:
    """A LeNet by the recipe `quick`."""
    *_, last = train("quick", images, labels, seed=seed, device=torch.device("cpu"))
    network = FastLeNet()
    network.load_state_dict(last.weights)
    return freeze(network)


def measure(generator: Generator, judges: dict[str, LeNet]) -> dict[str, tuple[float, float]]:
    """What the generator's digits are worth, and beside each figure the same of real ones."""
    (images, labels), (test_images, truth) = load_mnist("train"), load_mnist("test")
    digits, many = torch.arange(COUNT) % 10, torch.arange(len(images)) % 10
    drawn = generate(generator, digits, seed=1)
    figures = {
        f"read as asked, by {name}": (accuracy(judge, drawn, digits), accuracy(judge, test_images, truth))
        for name, judge in judges.items()
    }
    lenet = judges[SHIPPED]
    test_features = features(lenet, test_images)
    figures["Frechet distance to the test images"] = tuple(
        frechet_distance(features(lenet, some), test_features) for some in (drawn, images[:COUNT])
    )
    shares = [spread(drawn[digits == digit]) / spread(test_images[truth == digit]) for digit in range(10)]
    figures |= {"least spread within a class": (min(shares), 1.0), "most spread within a class": (max(shares), 1.0)}
    figures["distance to the nearest training image"] = tuple(
        nearest(some[:1000], images).median().item() for some in (drawn, test_images)
    )
    students = trained_on(generate(generator, many, seed=2), many, 0), trained_on(images, labels, 0)
    figures[STUDENT] = tuple(accuracy(student, test_images, truth) for student in students)
    return figures


def print_finds(folder: Path) -> None:
    """How many of 100 searches through the latent space end in a digit that fools a network, and how many of those the
    others still read as what was asked for."""
    pair = load_pairs(folder).shipped["shipped"]
    names = {"standard": "lenet", "robust": "lenet-robust", "certified": "lenet-certified"}
    networks = {name: load_checkpoint(CHECKPOINT.with_stem(stem), "cpu")[0] for name, stem in names.items()}
    print("\nof 100 searches            found   still read as asked by")
    for name, network in networks.items():
        finds, digits = [], []
        for place in range(100):
            digit = torch.tensor([place % 10])
            *_, end = search_latents(
                lambda latents, digit=digit: pair.generator(latents, digit),
                network,
                place % 10,
                plane(place, torch.zeros(1, 2)),
                doubt=lambda images, digit=digit: F.softplus(-pair.discriminator(images, digit)),
                rounded=round_latents,
            )
            if end.fooled:
                finds.append(end.image)
                digits.append(digit)
        images, asked = torch.cat(finds), torch.cat(digits)
        others = {other: accuracy(judge, images, asked) for other, judge in networks.items() if other != name}
        shown = ", ".join(f"{other} {share:.0%}" for other, share in others.items())
        print(f"that fool the {name:12} {len(finds):5}   {shown}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path, nargs="*", default=[CHECKPOINT.with_name("generator.safetensors")])
    parser.add_argument("--write", action="store_true", help="put the figures into the checkpoints' records")
    options = parser.parse_args()
    lenet, _ = load_checkpoint(CHECKPOINT, "cpu")
    judges = {SHIPPED: lenet, "another": trained_on(*load_mnist("train"), JUDGE_SEED)}
    for path in options.checkpoints:
        generator, record = load_checkpoint(path, "cpu", {"generator": Generator})
        print(f"{path.name}: seed {record['seed']}, {record['epoch']} of {record['epochs']} epochs\n")
        print(f"{'':42}generated   real")
        figures = measure(generator, judges)
        for name, (ours, real) in figures.items():
            print(f"{name:42}{ours:9.4f}   {real:.4f}", flush=True)
        if options.write:
            measured = {"command": COMMAND} | {name: round(ours, 4) for name, (ours, _) in figures.items()}
            save_checkpoint(halved(generator), path, record | {"measured": measured})
    print_finds(options.checkpoints[0].parent)


if __name__ == "__main__":
    main()
