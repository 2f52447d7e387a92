"""The strongest attack that half a second buys: PGD with restarts, at ever smaller epsilons."""

import torch
from torch import Tensor, nn

from advdemo.attacks import bpda
from advdemo.measures.scan import EPSILONS, check_one

POINTS, STARTS, STEPS = 8, 4, 30  # epsilons at once, random starts for each, steps of each
ROUNDS = 3  # each between the smallest success so far and the epsilon before it


def smallest_success(
    model: nn.Module, image: Tensor, label: int, *, above: float = 0.0, below: float = EPSILONS[-1], seed: int = 0
) -> float | None:
    """The smallest epsilon found at which PGD with random starts makes a model misclassify an image: an upper bound of
    where it begins to be fooled, which a stronger attack may lower.

    Args:
        model: a frozen classifier, pixels -> logits; where it rounds pixels, the gradient passes through (BPDA).
        image: float32 (1, 28, 28), or a batch of one, in [0, 1].
        label: the true class, 0..9.
        above, below: where to look: from what is certified to where another attack succeeds.

    Returns:
        a multiple of 1e-4, or None where no start succeeds.

    Raises:
        ValueError: wrong shape, pixels, label or epsilons.
    """
    batch, truth, _ = check_one(image, label, (above, below))
    generator = torch.Generator(batch.device).manual_seed(seed)
    found = None
    for _ in range(ROUNDS):
        epsilons = torch.linspace(above, below, POINTS + 1, dtype=torch.float64)[1:].mul(1e4).round().div(1e4)
        tries = epsilons.float().to(batch.device).repeat(STARTS).view(-1, 1, 1, 1)
        images, labels = batch.expand(len(tries), -1, -1, -1), truth.expand(len(tries))
        attacked = bpda(model, images, labels, tries, steps=STEPS, random_start=True, generator=generator)
        with torch.inference_mode():
            fooled = (model(attacked).argmax(1) != truth).view(STARTS, POINTS).any(0)
        if not fooled.any():
            break
        first = int(fooled.int().argmax())
        found = below = float(epsilons[first])
        above = float(epsilons[first - 1]) if first else above
    return found
