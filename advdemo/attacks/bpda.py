"""BPDA: descend through what has no gradient as if it were not there (backward pass differentiable approximation).

A defence that rounds its input has a gradient of zero, and PGD on it stands still. But rounding changes a pixel little,
so the gradient behind it is nearly the one before it.
"""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from advdemo.attacks.pgd import PGD, pgd
from advdemo.attacks.settings import Prepared


@dataclass(frozen=True)
class BPDA(PGD):
    """Arguments of `bpda`, those of `pgd`."""

    name = "bpda"
    title = "BPDA"
    told = "takes the steps of pgd, with a gradient that passes through rounded pixels"

    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """As for PGD, on what `straight_through` is."""
        return super().prepare(straight_through(model), images, labels, targeted=targeted, seed=seed)


def bpda(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float | Tensor, **options: Any) -> Tensor:
    """Adversarial images as of `pgd`, whose arguments and errors it has, with the gradient of the model's
    `straight_through`: Athalye, Carlini and Wagner, 2018, "Obfuscated gradients give a false sense of security",
    https://arxiv.org/abs/1802.00420. Of a model that has none it is PGD itself."""
    return pgd(straight_through(model), images, labels, epsilon, **options)


def straight_through(model: nn.Module) -> nn.Module:
    """The model's own function of that name, pixels -> the same logits with a gradient that leads somewhere, as a
    model to attack; or the model itself."""
    return getattr(model, "straight_through", model)
