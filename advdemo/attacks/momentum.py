"""Steps that remember the ones before: momentum, which won the NIPS 2017 competition, and input diversity. Both are
meant for transfer, that is, for examples that fool a network other than the one they were made on."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo import IMAGE_SHAPE
from advdemo.attacks.chance import uniform
from advdemo.attacks.fgsm import logits_and_gradient
from advdemo.attacks.inputs import (
    check_epsilon,
    check_images,
    check_labels,
    check_share,
    check_steps,
    check_targets,
    copies,
)
from advdemo.attacks.settings import Prepared, Settings

STEPS = 10
SIDE = IMAGE_SHAPE[1]
SMALLEST = 24  # side of an image made smaller by input diversity
SIZES = SIDE - SMALLEST + 1


@dataclass(frozen=True)
class Momentum(Settings):
    """Arguments of `mifgsm`."""

    name = "momentum"
    title = "MI-FGSM"
    told = "takes ten steps with momentum"
    knows = "gradient"

    steps: int = STEPS
    decay: float = 1.0
    diversity: float = 0.0

    def __post_init__(self) -> None:
        check_steps(self.steps)
        check_share("decay", self.decay)
        check_share("diversity", self.diversity)

    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """Each epsilon is an attack of its own; `seed` decides the input diversity."""
        with torch.no_grad():
            logits = model(images)
        options = {"targeted": targeted, "seed": seed, **vars(self)}
        return Prepared(logits, None, lambda epsilon: mifgsm(model, images, labels, epsilon, **options))


@dataclass(frozen=True)
class DIM(Momentum):
    """Momentum with input diversity, as its authors set it."""

    name = "dim"
    title = "DIM"
    told = "is momentum on randomly resized images"

    diversity: float = 0.5


def mifgsm(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilon: float | Tensor,
    *,
    steps: int = STEPS,
    decay: float = 1.0,
    diversity: float = 0.0,
    targeted: bool = False,
    seed: int = 0,
) -> Tensor:
    """Adversarial images, float32 (N, 1, 28, 28) in [0, 1], with |x' - x| <= epsilon, of the momentum iterative fast
    gradient sign method: Dong et al., 2018, "Boosting adversarial attacks with momentum",
    https://arxiv.org/abs/1710.06081.

    Args:
        model, images, labels, targeted: as in `gradient_sign`.
        epsilon: as in `perturb`; each step is epsilon / steps.
        steps: at least 1.
        decay: what is kept of the momentum at each step, in 0..1; 0 is the plain iterative method.
        diversity: the probability, in 0..1, with which a step looks at an image made smaller by up to four pixels and
            put at a random place on black: Xie et al., 2019, "Improving transferability of adversarial examples with
            input diversity", https://arxiv.org/abs/1803.06978, who take 0.5.
        seed: decides, with each image's pixels, the sizes and places.

    Raises:
        ValueError: as `fgsm`, and for steps, decay or diversity out of range.
    """
    images = check_images(images)
    check_labels(labels, len(images))
    epsilon = check_epsilon(epsilon, images)
    Momentum(steps, decay, diversity)
    if targeted:
        with torch.no_grad():
            check_targets(model(images), labels)
    images, labels = copies(epsilon, images, labels)
    low, high = (images - epsilon).clamp_(min=0.0), (images + epsilon).clamp_(max=1.0)
    chance = uniform(images, (steps, 4), seed) if diversity else None
    momentum, x = torch.zeros_like(images), images
    for step in range(steps):
        if chance is None:
            gradient = logits_and_gradient(model, x, labels, targeted=targeted)[1]
        else:
            rows, columns = _places(chance[:, step], diversity)
            seen = rows @ x @ columns.mT
            gradient = rows.mT @ logits_and_gradient(model, seen, labels, targeted=targeted)[1] @ columns
        size = gradient.abs().mean((1, 2, 3), keepdim=True).clamp_(min=torch.finfo(gradient.dtype).tiny)
        momentum = decay * momentum + gradient / size
        x = torch.clamp(x + epsilon / steps * momentum.sign(), low, high)
    return x


def _places(chance: Tensor, diversity: float) -> tuple[Tensor, Tensor]:
    """Two matrices (N, 1, 28, 28), A and B, from four random numbers each (N, 4): A x B^T is the image x made smaller
    and put at a random place, or x itself in a share 1 - `diversity` of cases."""
    at_all, size, top, left = chance.unbind(1)
    kept = torch.where(at_all < diversity, (size * SIZES).long(), SIZES - 1)  # how many pixels above the smallest
    room = SIZES - kept
    placements = _placements().to(chance)
    rows, columns = (placements[kept, (place * room).long()].unsqueeze(1) for place in (top, left))
    return rows, columns


@cache
def _placements() -> Tensor:
    """float32 (SIZES, SIZES, 28, 28): [k, p] makes 28 pixels in a row SMALLEST + k, by linear interpolation, and puts
    them p pixels from the start."""
    result = torch.zeros(SIZES, SIZES, SIDE, SIDE)
    for kept in range(SIZES):
        shrink = F.interpolate(torch.eye(SIDE).unsqueeze(0), size=SMALLEST + kept, mode="linear")[0].T
        for place in range(SIZES - kept):
            result[kept, place, place : place + SMALLEST + kept] = shrink
    return result
