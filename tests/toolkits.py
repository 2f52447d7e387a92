"""Other toolkits' attacks, as a second opinion, and our network as their users have it."""

import warnings

import numpy as np
from torch import Tensor, nn

from advdemo.networks.lenet import LeNet


def plain_lenet(model: LeNet) -> LeNet:
    """The network of stock modules with the same weights."""
    plain = LeNet()
    plain.load_state_dict(model.state_dict())
    return plain.eval()


def art_classifier(model: nn.Module):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what ART says on import is not ours
        from art.estimators.classification import PyTorchClassifier

    return PyTorchClassifier(
        model,
        loss=nn.CrossEntropyLoss(),
        input_shape=(1, 28, 28),
        nb_classes=10,
        clip_values=(0, 1),
        device_type="gpu" if next(model.parameters()).is_cuda else "cpu",
    )


def art_fgsm(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, targeted: bool = False) -> np.ndarray:
    classifier = art_classifier(model)
    from art.attacks.evasion import FastGradientMethod

    attack = FastGradientMethod(classifier, eps=epsilon, targeted=targeted, batch_size=len(images))
    return attack.generate(images.numpy(), np.eye(10, dtype=np.float32)[labels])


def art_pgd(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, **options) -> np.ndarray:
    classifier = art_classifier(model)
    from art.attacks.evasion import ProjectedGradientDescentPyTorch

    attack = ProjectedGradientDescentPyTorch(classifier, eps=epsilon, batch_size=len(images), verbose=False, **options)
    return attack.generate(images.numpy(), np.eye(10, dtype=np.float32)[labels])
