"""How good the shipped generator is: `python -m tests.bench_gan`, some ten minutes on two CPU cores.

Judged by networks that had no part in its training: the shipped LeNet, whose features the Frechet distance is taken in,
and LeNets trained here, on real digits by the recipe `quick`, or on 60,000 generated ones alone.
"""

import torch
from torch import Tensor

from advdemo import MEAN, STD
from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.networks.generator import generate
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, freeze
from advdemo.training.train import train
from tests.conftest import CHECKPOINT

COUNT = 10_000
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


def main() -> None:
    path = CHECKPOINT.with_name("generator.safetensors")
    generator, record = load_checkpoint(path, "cpu")
    lenet, _ = load_checkpoint(CHECKPOINT, "cpu")
    (images, labels), (test_images, truth) = load_mnist("train"), load_mnist("test")
    digits = torch.arange(COUNT) % 10
    drawn = generate(generator, digits, seed=1)
    many = torch.arange(60_000) % 10
    judge = trained_on(images, labels, JUDGE_SEED)
    print(f"{path.name}: seed {record['seed']}, {record['epoch']} epochs, {COUNT} digits\n")
    print(f"{'':44}generated   real test images")
    rows = {
        "read as asked, by the shipped LeNet": (accuracy(lenet, drawn, digits), accuracy(lenet, test_images, truth)),
        "the same, by another LeNet": (accuracy(judge, drawn, digits), accuracy(judge, test_images, truth)),
    }
    for name, (ours, theirs) in rows.items():
        print(f"{name:44}{ours:9.2%}   {theirs:9.2%}")
    real = features(lenet, test_images)
    ours, base = (frechet_distance(features(lenet, some), real) for some in (drawn, images[:COUNT]))
    print(
        f"{'Frechet distance to them (84 features)':44}{ours:9.3f}   {base:9.3f} (training images): {ours / base:.2f}x"
    )
    shares = [spread(drawn[digits == digit]) / spread(test_images[truth == digit]) for digit in range(10)]
    print(f"{'spread within a class, over the real one':44}{min(shares):.2f} to {max(shares):.2f}")
    ours, theirs = (nearest(some[:1000], images).median().item() for some in (drawn, test_images))
    print(f"{'median distance to the nearest training image':44}{ours:9.2f}   {theirs:9.2f}")
    student = trained_on(generate(generator, many, seed=2), many, 0)
    teacher = trained_on(images, labels, 0)
    ours, theirs = (accuracy(network, test_images, truth) for network in (student, teacher))
    print(f"{'test accuracy of a LeNet trained on 60,000':44}{ours:9.2%}   {theirs:9.2%}")


if __name__ == "__main__":
    main()
