"""The Fast Gradient Sign Method, as pure functions over any classifier of [0, 1] pixels.

    x' = clip(x + epsilon * sign(grad_x loss(model(x), y)), 0, 1)

Goodfellow, Shlens and Szegedy, 2015, "Explaining and harnessing adversarial examples", https://arxiv.org/abs/1412.6572.
The sign does not depend on epsilon: `gradient_sign` is computed once, `perturb` is applied for every epsilon.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

IMAGE_SHAPE = (1, 28, 28)
CLASSES = 10
Loss = Literal["cross-entropy", "nll-on-logits"]
LOSSES: tuple[Loss, ...] = get_args(Loss)


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
    """Adversarial images, float32 (N, 1, 28, 28) in [0, 1], with |x' - x| <= epsilon. Arguments and errors as in
    `gradient_sign` and `perturb`."""
    check_epsilon(epsilon)
    return perturb(images, gradient_sign(model, images, labels, targeted=targeted), epsilon)


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


def check_loss(loss: str) -> None:
    """Raise ValueError unless `loss` is one of LOSSES."""
    if loss not in LOSSES:
        raise ValueError(f"unknown loss {loss!r}: choose {' or '.join(LOSSES)}")
