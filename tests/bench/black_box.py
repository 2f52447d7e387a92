"""Our attacks without gradients beside others' in the same run: `python -m tests.bench.black_box`, some minutes.

Square: accuracy left and seconds, epsilon 0.3 and 1,000 queries, 1,000 test images, against torchattacks' Square.
RayS: the median smallest epsilon after 2,000 queries, 50 test images, against ART's HopSkipJump, of which the best
picture among its first 2,000 queries counts.
"""

import argparse
import time
import warnings

import numpy as np
import torch
from torch import Tensor, nn

from advdemo.attacks import RayS, square
from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import accuracy
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT
from tests.toolkits import art_classifier

COMMAND = "python -m tests.bench.black_box"
EPSILON, SCORE_QUERIES, LABEL_QUERIES = 0.3, 1000, 2000
BATCH = 100  # for both


class Witness(nn.Module):
    """A network that notes the smallest perturbation of one image among the first `queries` pictures that fool it."""

    def __init__(self, model: nn.Module, image: Tensor, label: int, queries: int) -> None:
        super().__init__()
        self.model, self.image, self.label, self.left, self.smallest = model, image, label, queries, np.inf

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        logits = self.model(pictures.float())
        counted = max(0, self.left)
        sizes = (pictures - self.image).abs().flatten(1).amax(1)[:counted]
        fooled = logits.argmax(1)[:counted] != self.label
        self.smallest = min([self.smallest, *sizes[fooled].tolist()])
        self.left -= len(pictures)
        return logits


def hop_skip_jump(model: nn.Module, image: Tensor, label: int, queries: int = LABEL_QUERIES) -> float:
    """The smallest epsilon that ART's HopSkipJump finds for an image (1, 28, 28) in so many queries."""
    witness = Witness(model, image, label, queries)
    classifier = art_classifier(witness)
    from art.attacks.evasion import HopSkipJump

    attack = HopSkipJump(classifier, norm=np.inf, max_iter=1, max_eval=1000, init_eval=100, verbose=False)
    np.random.seed(0)
    picture = None
    while witness.left > 0:
        picture = attack.generate(image.unsqueeze(0).numpy(), np.array([label]), x_adv_init=picture, resume=True)
    return witness.smallest


def ray_search(model: nn.Module, image: Tensor, label: int, queries: int = LABEL_QUERIES) -> float:
    """The smallest epsilon that RayS finds in so many queries."""
    *_, last = RayS(queries).stream(model, image, label, 0.0)
    return np.inf if last.epsilon is None else last.epsilon


def compare_square(model: nn.Module, images: Tensor, labels: Tensor) -> None:
    from torchattacks import Square

    theirs = Square(model, eps=EPSILON, n_queries=SCORE_QUERIES)
    ways = {
        "ours": lambda batch, truth: square(model, batch, truth, EPSILON, queries=SCORE_QUERIES),
        "torchattacks": theirs,
    }
    for name, attack in ways.items():
        started = time.perf_counter()
        attacked = torch.cat([attack(*pair) for pair in zip(images.split(BATCH), labels.split(BATCH), strict=True)])
        seconds = time.perf_counter() - started
        assert (attacked - images).abs().max() <= EPSILON + 1e-6
        print(f"  Square, {name}: accuracy left {accuracy(model, attacked, labels):.3f} in {seconds:.1f} s", flush=True)


def compare_labels(model: nn.Module, images: Tensor, labels: Tensor) -> None:
    for name, attack in {"RayS, ours": ray_search, "HopSkipJump, ART": hop_skip_jump}.items():
        started = time.perf_counter()
        found = [attack(model, image, label) for image, label in zip(images, labels.tolist(), strict=True)]
        seconds = time.perf_counter() - started
        print(f"  {name}: median epsilon {np.median(found):.4f} in {seconds:.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--score-images", type=int, default=1000)
    parser.add_argument("--label-images", type=int, default=50)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    images, labels = load_mnist("test")
    for path in (CHECKPOINT, ROBUST_CHECKPOINT):
        model, _ = load_checkpoint(path, "cpu")
        print(path.stem, flush=True)
        compare_square(model, images[: options.score_images], labels[: options.score_images])
        compare_labels(model, images[: options.label_images], labels[: options.label_images])


if __name__ == "__main__":
    main()
