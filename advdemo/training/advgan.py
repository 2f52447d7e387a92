"""Training AdvGAN's generator against one network (Xiao et al., 2018): what `python -m advdemo train-advgan` does.

The paper's two further terms are left out: the bound on the perturbation's size is built in here (every pixel stays
within epsilon), and its discriminator, which demands that results look like digits, changes nothing visible within it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo.attacks import perturb
from advdemo.attacks.advgan import direction, load_perturber
from advdemo.attacks.inputs import check_images, check_labels
from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import check_writable, save_checkpoint
from advdemo.networks.perturber import Perturber
from advdemo.networks.predict import accuracy, pick_device

SCALE = 0.3  # of what is drawn, in training: steps in it are so much smaller
PENALTY = 0.03  # weight of its mean square: without it all pixels are soon certain, and nothing can be learnt any more
JUDGED = (0.1, 0.2, 0.3)  # epsilons


@dataclass(frozen=True)
class AdvGANRecipe:
    """Everything that decides how it is trained, but for the seed."""

    epochs: int = 8
    batch_size: int = 128
    learning_rate: float = 1e-3  # of Adam; falls along a cosine
    smallest: float = 0.1  # each image is attacked at an epsilon of its own, from here
    largest: float = 0.3  # to here, for one direction to serve all


def train_perturber(
    recipe: AdvGANRecipe, network: nn.Module, images: Tensor, labels: Tensor, *, seed: int = 0
) -> Iterator[tuple[Perturber, float]]:
    """The generator and the batch's share of fooled images, after each step; images float32 (N, 1, 28, 28) in [0, 1],
    labels int64 (N,), all on the network's device. ValueError for wrong shapes, pixels or labels."""
    images = check_images(images)
    check_labels(labels, len(images))
    random = torch.Generator(images.device).manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        perturber = Perturber().to(images.device)
    adam = torch.optim.Adam(perturber.parameters(), lr=recipe.learning_rate, fused=True)
    steps = recipe.epochs * -(-len(images) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    for _ in range(recipe.epochs):
        for batch in torch.randperm(len(images), generator=random, device=images.device).split(recipe.batch_size):
            share = torch.rand(len(batch), 1, 1, 1, generator=random, device=images.device)
            epsilon = recipe.smallest + (recipe.largest - recipe.smallest) * share
            low, high = (images[batch] - epsilon).clamp(0, 1), (images[batch] + epsilon).clamp(0, 1)
            # A share of the way from the darkest to the brightest allowed: clamping x + epsilon tanh(.) instead gives
            # no gradient where the digit is black or white, which is nearly everywhere.
            drawn = SCALE * perturber(images[batch])
            logits = network(low + (high - low) * drawn.sigmoid())
            truth = F.one_hot(labels[batch], 10).bool()
            lead = logits[truth] - logits.masked_fill(truth, -torch.inf).logsumexp(1)
            loss = F.softplus(lead).mean() + PENALTY * drawn.square().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            schedule.step()
            yield perturber, (lead < 0).float().mean().item()


def train_advgan(
    path: Path,
    recipe: AdvGANRecipe,
    network: nn.Module,
    against: str,
    *,
    seed: int = 0,
    data_dir: Path | None = None,
    on_step: Callable[[float], None] = lambda done: None,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Train on MNIST against `network`, which the record calls `against`, and write the checkpoint with the
    network's robust accuracy on the test images. ValueError for broken data, OSError for none or a path that cannot be
    written."""
    check_writable(path)
    device = pick_device()
    images, labels = (part.to(device) for part in load_mnist("train", data_dir))
    started = time.perf_counter()
    steps = recipe.epochs * -(-len(images) // recipe.batch_size)
    training = train_perturber(recipe, network, images, labels, seed=seed)
    fooled = 0.0
    for step, (perturber, share) in enumerate(training, start=1):  # noqa: B007 (its last value is what was trained)
        fooled = 0.98 * fooled + 0.02 * share
        on_step(step / steps)
        if step % (steps // recipe.epochs) == 0:
            say(f"epoch {step * recipe.epochs // steps}/{recipe.epochs}  fools about {fooled:.1%}")
    record = {"kind": "advgan", "against": against, **asdict(recipe), "seed": seed}
    record |= {"seconds": round(time.perf_counter() - started, 1), "torch": torch.__version__}
    test_images, truth = (part.to(device) for part in load_mnist("test", data_dir))
    sign = direction(test_images, perturber)
    left = {f"{e:g}": accuracy(network, perturb(test_images, sign, e), truth) for e in JUDGED}
    save_checkpoint(perturber, path, record | {"accuracy_left": left})
    load_perturber.cache_clear()
    say(f"saved to {path}: robust accuracy {left['0.3']:.2%} at epsilon 0.3")
