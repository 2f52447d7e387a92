import torch
from art.attacks.evasion import ProjectedGradientDescent

from advdemo.ui.programs.toolkit.art import classifier


def attack(network, x, y, epsilon, targeted=False):
    options = {"eps": epsilon, "eps_step": 2.5 * epsilon / 40, "max_iter": 40, "targeted": targeted}
    method = ProjectedGradientDescent(classifier(network), **options, batch_size=len(x), verbose=False)
    return torch.from_numpy(method.generate(x.numpy(), y.numpy()))
