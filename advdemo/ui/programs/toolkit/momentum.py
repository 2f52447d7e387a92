import torch
from art.attacks.evasion import MomentumIterativeMethod

from advdemo.ui.programs.toolkit.art import classifier


def attack(network, x, y, epsilon, targeted=False):
    options = {"eps": epsilon, "eps_step": epsilon / 10, "max_iter": 10, "decay": 1.0, "targeted": targeted}
    method = MomentumIterativeMethod(classifier(network), **options, batch_size=len(x), verbose=False)
    return torch.from_numpy(method.generate(x.numpy(), y.numpy()))
