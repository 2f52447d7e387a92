"""Attacks within |x' - x| <= epsilon, as pure functions over any classifier of [0, 1] pixels.

    FGSM    x' = clip(x + epsilon * sign(grad_x loss(model(x), y)), 0, 1)
    PGD     many smaller such steps, each from where the last one ended, brought back to within epsilon of x
    noise   x' = clip(x + epsilon * s, 0, 1), each pixel of s +1 or -1 by chance: as large as FGSM's, without its aim

The sign of FGSM does not depend on epsilon: `gradient_sign` is computed once, `perturb` is applied for every epsilon.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

IMAGE_SHAPE = (1, 28, 28)
CLASSES = 10
Loss = Literal["cross-entropy", "nll-on-logits"]
LOSSES: tuple[Loss, ...] = get_args(Loss)
Attack = Literal["fgsm", "pgd", "noise"]
ATTACKS: tuple[Attack, ...] = get_args(Attack)
STEPS = 40  # of PGD


def gradient_sign(model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False) -> Tensor:
    """The direction in which each pixel raises the cross-entropy loss (targeted: lowers it).

    Args:
        model: a classifier in eval mode, pixels -> logits (N, 10). Its parameters get no gradients.
        images: float32 (N, 1, 28, 28) in [0, 1].
        labels: int64 (N,) in 0..9: the true classes to leave; targeted: the classes to reach.

    Returns:
        float32 (N, 1, 28, 28) in {-1, 0, 1}; 0 where the gradient is zero.

    Raises:
        ValueError: wrong shapes, dtypes, pixels outside [0, 1] or labels outside 0..9.
    """
    check_images(images)
    check_labels(labels, len(images))
    return logits_and_sign(model, images, labels, targeted=targeted)[1]


def logits_and_sign(
    model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, loss: Loss = "cross-entropy"
) -> tuple[Tensor, Tensor]:
    """`gradient_sign` for inputs already checked, with the clean logits (N, 10) that it computes on the way.

    `loss="nll-on-logits"` is the PyTorch tutorial's slip, kept to reproduce its figures: `nll_loss` of raw logits,
    which only lowers the true class's logit.
    """
    with torch.enable_grad():
        pixels = images.detach().requires_grad_()
        logits = model(pixels)
        # A sum, not a mean: the size of the batch must not push small gradients to zero.
        criterion = F.cross_entropy if loss == "cross-entropy" else F.nll_loss
        value = criterion(logits, labels, reduction="sum")
        (gradient,) = torch.autograd.grad(-value if targeted else value, pixels)
    return logits.detach(), gradient.sign_()


def perturb(images: Tensor, sign: Tensor, epsilon: float | Tensor) -> Tensor:
    """clip(images + epsilon * sign, 0, 1). `epsilon` in 0..1, in units of the pixel range: a number, or a tensor that
    broadcasts against the images. ValueError when it is negative, above 1 or not finite."""
    check_epsilon(epsilon)
    return (images + epsilon * sign).clamp_(0.0, 1.0)


def fgsm(
    model: nn.Module, images: Tensor, labels: Tensor, epsilon: float | Tensor, *, targeted: bool = False
) -> Tensor:
    """Adversarial images, float32 (N, 1, 28, 28) in [0, 1], with |x' - x| <= epsilon, of the Fast Gradient Sign Method:
    Goodfellow, Shlens and Szegedy, 2015, "Explaining and harnessing adversarial examples",
    https://arxiv.org/abs/1412.6572. Arguments and errors as in `gradient_sign` and `perturb`; a targeted attack also
    refuses images that the model reads as their targets already, when there is no other in the batch."""
    check_images(images)
    check_labels(labels, len(images))
    check_epsilon(epsilon)
    logits, sign = logits_and_sign(model, images, labels, targeted=targeted)
    if targeted:
        check_targets(logits, labels)
    return perturb(images, sign, epsilon)


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
        ValueError: as `fgsm`, and for steps, a step size or restarts that will not do.
    """
    check_images(images)
    check_labels(labels, len(images))
    check_epsilon(epsilon)
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps must be a whole number, at least 1, got {steps!r}")
    if step_size is not None:
        check_epsilon(step_size)
    else:
        step_size = 2.5 * epsilon / steps
    if not isinstance(restarts, int) or restarts < 1 or (restarts > 1 and not random_start):
        raise ValueError(f"restarts must be at least 1, and 1 without a random start, got {restarts!r}")
    if targeted:
        with torch.no_grad():
            check_targets(model(images), labels)

    shape = (len(images), 1, 1, 1)
    epsilon, step_size = (torch.as_tensor(v, dtype=images.dtype).to(images).expand(shape) for v in (epsilon, step_size))
    low, high = (images - epsilon).clamp_(min=0.0), (images + epsilon).clamp_(max=1.0)

    def attempt(chosen: Tensor | slice) -> Tensor:
        x = images[chosen]
        if random_start:
            offset = torch.empty_like(x).uniform_(-1.0, 1.0, generator=generator)
            x = (x + epsilon[chosen] * offset).clamp_(0.0, 1.0)
        for _ in range(steps):
            sign = logits_and_sign(model, x, labels[chosen], targeted=targeted)[1]
            x = torch.clamp(x + step_size[chosen] * sign, low[chosen], high[chosen])
        return x

    attacked = attempt(slice(None))
    for _ in range(restarts - 1):
        with torch.no_grad():
            failed = ((model(attacked).argmax(1) == labels) != targeted).nonzero().flatten()
        if len(failed):
            attacked[failed] = attempt(failed)
    return attacked


def noise(images: Tensor, epsilon: float | Tensor, *, generator: torch.Generator | None = None) -> Tensor:
    """FGSM's twin without aim: every pixel moved by epsilon up or down, by chance. Float32 (N, 1, 28, 28) in [0, 1];
    `generator` must live on the images' device. ValueError as for `perturb`."""
    check_images(images)
    return perturb(images, random_sign(images, generator), epsilon)


def random_sign(images: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """-1 or 1 for each pixel, each as likely, in the images' shape and dtype."""
    return torch.empty_like(images).uniform_(-1.0, 1.0, generator=generator).sign_()


@dataclass(frozen=True)
class Aimed:
    """An attack on some images as a function of epsilon alone: what does not depend on it is done."""

    logits: Tensor  # (N, 10), without the attack
    sign: Tensor | None  # (N, 1, 28, 28) in {-1, 0, 1}; None for PGD, whose perturbation is no multiple of epsilon
    at: Callable[[float | Tensor], Tensor]  # epsilon, as in `perturb`, -> adversarial images


def aim(
    attack: Attack,
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    targeted: bool = False,
    loss: Loss = "cross-entropy",
    seed: int = 0,
    **settings,
) -> Aimed:
    """`attack` on inputs already checked. `seed` decides noise and random starts; `settings` are those of `pgd`:
    ValueError for another attack."""
    if settings and attack != "pgd":
        raise ValueError(f"{', '.join(settings)} can be set for pgd only, not for {attack}")
    if attack == "fgsm":
        logits, sign = logits_and_sign(model, images, labels, targeted=targeted, loss=loss)
        return Aimed(logits, sign, lambda epsilon: perturb(images, sign, epsilon))
    with torch.no_grad():
        logits = model(images)
    generator = torch.Generator(images.device).manual_seed(seed)
    if attack == "noise":
        sign = random_sign(images, generator)
        return Aimed(logits, sign, lambda epsilon: perturb(images, sign, epsilon))

    def at(epsilon: float | Tensor) -> Tensor:
        count = max(len(images), len(epsilon) if isinstance(epsilon, Tensor) else 1)  # one image at several epsilons
        many, truth = images.expand(count, -1, -1, -1), labels.expand(count)
        return pgd(model, many, truth, epsilon, targeted=targeted, generator=generator, **settings)

    return Aimed(logits, None, at)


def check_epsilon(epsilon: float | Tensor) -> None:
    """Raise ValueError unless every epsilon is a finite number in 0..1."""
    values = epsilon.flatten().tolist() if isinstance(epsilon, Tensor) else [epsilon]
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value <= 1.0:
            raise ValueError(f"epsilon must be a number from 0 to 1 (1 is the whole pixel range), got {value!r}")


def check_images(images: Tensor) -> None:
    """Raise ValueError unless `images` is a float32 batch (N >= 1, 1, 28, 28) of pixels in [0, 1]."""
    if not isinstance(images, Tensor) or images.dtype != torch.float32 or images.shape[1:] != IMAGE_SHAPE:
        got = f"{images.dtype} {tuple(images.shape)}" if isinstance(images, Tensor) else type(images).__name__
        raise ValueError(f"images must be a float32 tensor (N, 1, 28, 28), got {got}")
    if len(images) == 0:
        raise ValueError("images must hold at least one image, got an empty batch")
    low, high = (bound.item() for bound in torch.aminmax(images))
    if not (0.0 <= low and high <= 1.0):
        raise ValueError(f"pixels must be finite and in [0, 1], got {low} to {high}: divide bytes by 255 first")


def check_labels(labels: Tensor, count: int) -> None:
    """Raise ValueError unless `labels` is int64 (count,) with values in 0..9."""
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64 or labels.shape != (count,):
        got = f"{labels.dtype} {tuple(labels.shape)}" if isinstance(labels, Tensor) else type(labels).__name__
        raise ValueError(f"labels must be an int64 tensor ({count},), one for each image, got {got}")
    low, high = (bound.item() for bound in torch.aminmax(labels))
    if low < 0 or high >= CLASSES:
        raise ValueError(f"labels must be in 0..9, got {low if low < 0 else high}")


def check_targets(logits: Tensor, targets: Tensor) -> None:
    """Raise ValueError when `logits` (N, 10) already favour every target (N,): doing nothing would pass for success."""
    if bool((logits.argmax(1) == targets).all()):
        raise ValueError(f"the model already reads the image as {int(targets[0])}: choose another target")


def check_loss(loss: str) -> None:
    """Raise ValueError unless `loss` is one of LOSSES."""
    if loss not in LOSSES:
        raise ValueError(f"unknown loss {loss!r}: choose {' or '.join(LOSSES)}")


def check_attack(attack: str) -> None:
    """Raise ValueError unless `attack` is one of ATTACKS."""
    if attack not in ATTACKS:
        raise ValueError(f"unknown attack {str(attack)[:40]!r}: choose one of {', '.join(ATTACKS)}")
