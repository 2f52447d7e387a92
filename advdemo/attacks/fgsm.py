"""The Fast Gradient Sign Method.

    x' = clip(x + epsilon * sign(grad_x loss(model(x), y)), 0, 1)

The sign does not depend on epsilon: `gradient_sign` is computed once, `perturb` is applied for every epsilon.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo.attacks.inputs import check_epsilon, check_images, check_labels, check_targets
from advdemo.attacks.settings import Prepared, Settings

Loss = Literal["cross-entropy", "nll-on-logits"]
LOSSES: tuple[Loss, ...] = get_args(Loss)


@dataclass(frozen=True)
class FGSM(Settings):
    """`loss`: whose gradient to follow; "nll-on-logits" is the PyTorch tutorial's slip (see `logits_and_gradient`)."""

    name = "fgsm"
    title = "FGSM"
    told = "takes one step along the sign of the gradient"
    knows = "gradient"
    one_run = True
    quick = True
    batch_size = 400

    loss: Loss = "cross-entropy"

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise ValueError(f"unknown loss {self.loss!r}: choose {' or '.join(LOSSES)}")

    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """One gradient for every epsilon; nothing is random."""
        logits, sign = logits_and_sign(model, images, labels, targeted=targeted, loss=self.loss)
        return Prepared(logits, sign, partial(perturb, images, sign))


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
    images = check_images(images)
    check_labels(labels, len(images))
    return logits_and_sign(model, images, labels, targeted=targeted)[1]


def logits_and_sign(
    model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, loss: Loss = "cross-entropy"
) -> tuple[Tensor, Tensor]:
    """`gradient_sign` for inputs already checked, with the clean logits (N, 10) that it computes on the way."""
    logits, gradient = logits_and_gradient(model, images, labels, targeted=targeted, loss=loss)
    return logits, gradient.sign_()


def logits_and_gradient(
    model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, loss: Loss = "cross-entropy"
) -> tuple[Tensor, Tensor]:
    """The clean logits (N, 10), and how each pixel (N, 1, 28, 28) raises the loss of its own image (targeted: lowers).

    `loss="nll-on-logits"` is the PyTorch tutorial's slip, kept to reproduce its figures: `nll_loss` of raw logits,
    which only lowers the true class's logit.
    """
    criterion = F.cross_entropy if loss == "cross-entropy" else F.nll_loss
    with torch.inference_mode(False), torch.enable_grad():  # whatever the caller is in
        if images.is_inference() or labels.is_inference():
            images, labels = images.clone(), labels.clone()
        pixels = images.detach().requires_grad_()
        try:
            logits = model(pixels)
            # A sum, not a mean: the size of the batch must not push small gradients to zero.
            value = criterion(logits, labels, reduction="sum")
            (gradient,) = torch.autograd.grad(-value if targeted else value, pixels)
        except RuntimeError as error:
            if "nference tensor" not in str(error):
                raise
            remedy = "make or load it outside torch.inference_mode()"
            raise ValueError(f"the network was made in inference mode and has no gradients: {remedy}") from error
    return logits.detach(), gradient


@torch.no_grad()
def perturb(images: Tensor, sign: Tensor, epsilon: float | Tensor) -> Tensor:
    """clip(images + epsilon * sign, 0, 1). `epsilon` in 0..1, in units of the pixel range: a number, or a tensor
    (N, 1, 1, 1), one for each image; one image at several gives as many. ValueError for anything else."""
    epsilon = check_epsilon(epsilon, images)
    return (images + epsilon * sign).clamp_(0.0, 1.0)


def fgsm(
    model: nn.Module, images: Tensor, labels: Tensor, epsilon: float | Tensor, *, targeted: bool = False
) -> Tensor:
    """Adversarial images, float32 (N, 1, 28, 28) in [0, 1], with |x' - x| <= epsilon, of the Fast Gradient Sign Method:
    Goodfellow, Shlens and Szegedy, 2015, "Explaining and harnessing adversarial examples",
    https://arxiv.org/abs/1412.6572. Arguments and errors as in `gradient_sign` and `perturb`; a targeted attack also
    refuses images that the model reads as their targets already, when there is no other in the batch."""
    images = check_images(images)
    check_labels(labels, len(images))
    check_epsilon(epsilon, images)
    logits, sign = logits_and_sign(model, images, labels, targeted=targeted)
    if targeted:
        check_targets(logits, labels)
    return perturb(images, sign, epsilon)
