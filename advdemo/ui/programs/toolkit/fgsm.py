import torch
from art.attacks.evasion import FastGradientMethod

from advdemo.ui.programs.toolkit.art import classifier


def attack(network, x, y, epsilon, targeted=False):
    method = FastGradientMethod(classifier(network), eps=epsilon, targeted=targeted)
    return torch.from_numpy(method.generate(x.numpy(), y.numpy()))
