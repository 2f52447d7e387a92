"""What `python -m tests.bench` compares with: attacks of ART, cleverhans and torchattacks, each made ready once."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from tests.toolkits import art_classifier

PGD_EPSILON, PGD_STEPS, PGD_STEP_SIZE, PGD_BATCH = 0.1, 40, 0.01, 200
TOOLKITS = {  # distribution, module, how to get it
    "ART": ("adversarial-robustness-toolbox", "art.attacks.evasion", "pip install -r tests/requirements.txt"),
    "cleverhans": ("cleverhans", "cleverhans.torch.attacks.fast_gradient_method", "pip install cleverhans"),
    "torchattacks": ("torchattacks", "torchattacks", "pip install --no-deps torchattacks"),
}

Attack = Callable[[Tensor, Tensor, float, int], Tensor]  # images, labels, epsilon, batch size -> adversarial images


def art(model: nn.Module) -> Attack:
    from art.attacks.evasion import FastGradientMethod

    classifier = art_classifier(model)

    def attack(images: Tensor, labels: Tensor, epsilon: float, batch_size: int) -> Tensor:
        attack = FastGradientMethod(classifier, eps=epsilon, batch_size=batch_size)
        return torch.from_numpy(attack.generate(images.cpu().numpy(), labels.cpu().numpy())).to(images.device)

    return attack


def cleverhans(model: nn.Module) -> Attack:
    from cleverhans.torch.attacks.fast_gradient_method import fast_gradient_method

    return in_batches(
        lambda images, labels, epsilon: fast_gradient_method(
            model, images, epsilon, np.inf, clip_min=0, clip_max=1, y=labels
        ).detach()
    )


def torchattacks(model: nn.Module) -> Attack:
    from torchattacks import FGSM

    return in_batches(lambda images, labels, epsilon: FGSM(model, eps=epsilon)(images, labels))


def in_batches(attack: Callable[[Tensor, Tensor, float], Tensor]) -> Attack:
    def batched(images: Tensor, labels: Tensor, epsilon: float, batch_size: int) -> Tensor:
        batches = zip(images.split(batch_size), labels.split(batch_size), strict=True)
        return torch.cat([attack(batch, truth, epsilon) for batch, truth in batches])

    return batched


def art_pgd(model: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    from art.attacks.evasion import ProjectedGradientDescentPyTorch

    attack = ProjectedGradientDescentPyTorch(
        art_classifier(model),
        eps=PGD_EPSILON,
        eps_step=PGD_STEP_SIZE,
        max_iter=PGD_STEPS,
        batch_size=PGD_BATCH,
        verbose=False,
    )

    def attacked(images: Tensor, labels: Tensor) -> Tensor:
        return torch.from_numpy(attack.generate(images.cpu().numpy(), labels.cpu().numpy())).to(images.device)

    return attacked


def torchattacks_pgd(model: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    from torchattacks import PGD

    attack = PGD(model, eps=PGD_EPSILON, alpha=PGD_STEP_SIZE, steps=PGD_STEPS, random_start=False)

    def attacked(images: Tensor, labels: Tensor) -> Tensor:
        batches = zip(images.split(PGD_BATCH), labels.split(PGD_BATCH), strict=True)
        return torch.cat([attack(batch, truth) for batch, truth in batches])

    return attacked
