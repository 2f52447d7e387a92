import torch
from torch.nn import functional as F


# {fgsm}
def attack(network, x, y, epsilon, targeted=False):
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(network(x), y, reduction="sum"), x)
    step = -epsilon if targeted else epsilon
    return (x + step * gradient.sign()).detach().clamp(0, 1)
