"""Fooling digits that never were: a search among a generator's digits of one class for one that a network misreads.

Song et al., 2018, "Constructing unrestricted adversarial examples with generative models". There is no original and no
epsilon: nothing bounds the change but that the generator drew it, asked for that class. Whether the result still is
what was asked for is for people to say.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

RATE = 0.03  # of Adam; the latents are standard normal
STEPS = 200
NEAR = 0.1  # weight of the squared distance from where the search began
REAL = 1.0  # weight of the discriminator's doubt
SURE = 0.8  # the confidence in another class at which the search ends: at one half the digit is merely ambiguous


@dataclass(frozen=True)
class LatentStep:
    """Where the search is."""

    latent: Tensor  # float32 (1, D), rounded
    image: Tensor  # float32 (1, 1, 28, 28) in [0, 1]
    probabilities: Tensor  # float32 (10,), what the network makes of it
    fooled: bool  # whether it gives another class more than SURE: then this step is the last


def search_latents(
    draw: Callable[[Tensor], Tensor],
    model: Callable[[Tensor], Tensor],
    digit: int,
    start: Tensor,
    *,
    doubt: Callable[[Tensor], Tensor] | None = None,
    rounded: Callable[[Tensor], Tensor] = lambda latents: latents,
) -> Iterator[LatentStep]:
    """Follow the gradient from a latent to one whose digit is misread; STEPS steps at most.

    Args:
        draw: a generator asked for `digit`: latents (1, D) -> images (1, 1, 28, 28) in [0, 1], differentiable.
        model: images -> logits (1, 10).
        digit: what is asked for, 0..9.
        start: float32 (1, D), where to begin.
        doubt: images -> a loss (1,) that grows as they look less real; None for no such loss.
        rounded: latents as they will be written down, by which the digit must be misread.

    Yields:
        the start and what came of each step.
    """
    latent = start.detach().clone().requires_grad_()
    adam = torch.optim.Adam([latent], lr=RATE)
    truth = F.one_hot(torch.tensor([digit], device=start.device), 10).bool()
    for _ in range(STEPS + 1):
        with torch.enable_grad():
            used = latent + (rounded(latent) - latent).detach()
            image = draw(used)
            logits = model(image)
            lead = logits[truth] - logits.masked_fill(truth, -torch.inf).amax(1)
            loss = lead + NEAR * (latent - start).square().sum()
            if doubt is not None:
                loss = loss + REAL * doubt(image)
            (latent.grad,) = torch.autograd.grad(loss.sum(), latent)
        probabilities = logits.detach().softmax(1)[0]
        fooled = bool(probabilities.masked_fill(truth[0], 0).max() > SURE)
        yield LatentStep(used.detach(), image.detach(), probabilities, fooled)
        if fooled:
            return
        adam.step()
