"""Projected gradient descent: many small steps of FGSM, each from where the last one ended, brought back to within
epsilon of the image."""

import zlib
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advdemo.attacks.fgsm import logits_and_sign
from advdemo.attacks.inputs import (
    check_epsilon,
    check_images,
    check_labels,
    check_restarts,
    check_steps,
    check_targets,
    copies,
)
from advdemo.attacks.settings import Prepared, Settings

STEPS = 40


@dataclass(frozen=True)
class PGD(Settings):
    """Arguments of `pgd`."""

    name = "pgd"
    title = "PGD"
    told = "takes 40 such steps, none further than epsilon from the image"
    knows = "gradient"

    steps: int = STEPS
    step_size: float | None = None  # None: 2.5 epsilon / steps
    random_start: bool = False
    restarts: int = 1

    def __post_init__(self) -> None:
        check_steps(self.steps)
        if self.step_size is not None:
            check_epsilon(self.step_size)
        check_restarts(self.restarts, self.random_start)

    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """Each epsilon is an attack of its own; `seed` decides the random starts."""
        with torch.no_grad():
            logits = model(images)
        # Of the images too, or every batch of a data set would begin at the same points.
        generator = torch.Generator(images.device).manual_seed(
            zlib.crc32(images.detach().cpu().numpy().tobytes(), seed)
        )
        options = {"targeted": targeted, "generator": generator, **vars(self)}
        return Prepared(logits, None, lambda epsilon: pgd(model, images, labels, epsilon, **options))


def pgd(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilon: float | Tensor,
    *,
    steps: int = STEPS,
    step_size: float | Tensor | None = None,
    random_start: bool = False,
    restarts: int = 1,
    targeted: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Adversarial images, float32 (N, 1, 28, 28) in [0, 1], with |x' - x| <= epsilon, of projected gradient descent:
    Madry, Makelov, Schmidt, Tsipras and Vladu, 2018, "Towards deep learning models resistant to adversarial attacks",
    https://arxiv.org/abs/1706.06083.

    Args:
        model, images, labels, targeted: as in `gradient_sign`.
        epsilon: as in `perturb`.
        steps: at least 1.
        step_size: in units of the pixel range; None is 2.5 epsilon / steps, as in the paper.
        random_start: begin at a random point within epsilon rather than at the image.
        restarts: how often to try, keeping for each image the first result that succeeds; more than 1 needs
            `random_start`.
        generator: of the random starts, on the images' device; None is torch's own.

    Raises:
        ValueError: as `fgsm`, and for steps, a step size or restarts out of range.
    """
    images = check_images(images)
    check_labels(labels, len(images))
    epsilon = check_epsilon(epsilon, images)
    check_steps(steps)
    step_size = 2.5 * epsilon / steps if step_size is None else check_epsilon(step_size, images)
    check_restarts(restarts, random_start)
    if targeted:
        with torch.no_grad():
            check_targets(model(images), labels)
    images, labels = copies(epsilon, images, labels)

    shape = (len(images), 1, 1, 1)
    radius, stride = (torch.as_tensor(v, dtype=images.dtype).to(images).expand(shape) for v in (epsilon, step_size))

    def attempt(chosen: Tensor | slice) -> Tensor:
        start = images[chosen]
        if random_start:
            offset = torch.empty_like(start).uniform_(-1.0, 1.0, generator=generator)
            start = (start + radius[chosen] * offset).clamp_(0.0, 1.0)
        return _descend(
            model, images[chosen], labels[chosen], start, radius[chosen], stride[chosen], steps, targeted=targeted
        )

    attacked = attempt(slice(None))
    for _ in range(restarts - 1):
        with torch.no_grad():
            failed = ((model(attacked).argmax(1) == labels) != targeted).nonzero().flatten()
        if len(failed):
            attacked[failed] = attempt(failed)
    return attacked


def _descend(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    x: Tensor,
    radius: Tensor,
    stride: Tensor,
    steps: int,
    *,
    targeted: bool,
) -> Tensor:
    """`steps` steps of size `stride` from `x`, never further than `radius` from `images`."""
    low, high = (images - radius).clamp_(min=0.0), (images + radius).clamp_(max=1.0)
    for _ in range(steps):
        sign = logits_and_sign(model, x, labels, targeted=targeted)[1]
        x = torch.clamp(x + stride * sign, low, high)
    return x
