"""Other toolkits' attacks, as a second opinion, and our network as their users have it."""

import warnings

import numpy as np
import torch
from torch import Tensor, nn

from advdemo.networks.lenet import LeNet


def plain_lenet(model: LeNet) -> LeNet:
    """The network of stock modules with the same weights."""
    plain = LeNet()
    plain.load_state_dict(model.state_dict())
    return plain.eval()


def every_number(network: LeNet, images: Tensor) -> list[Tensor]:
    """What goes through the plain LeNet, as network.js has it: the padded picture, then what each layer gives."""
    plain, kept = plain_lenet(network), []
    for layer in (plain.conv[0], plain.fc[0]):  # the picture; the rest come out of what follows
        layer.register_forward_pre_hook(lambda _layer, inputs: kept.append(inputs[0]))
    for layer in (plain.conv[1], plain.conv[2], plain.conv[4], plain.conv[5], plain.fc[1], plain.fc[3], plain.fc[4]):
        layer.register_forward_hook(lambda _layer, _inputs, output: kept.append(output))
    with torch.no_grad():
        plain(images)
    picture, *layers = kept
    del layers[4]  # what goes into the first linear layer is what came out of the last pooling
    return [value.flatten(1) for value in (nn.functional.pad(picture, (2,) * 4), *layers)]


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
