import torch
from torch.nn import functional as F


# {momentum}
def attack(network, x, y, epsilon, targeted=False):
    low, high = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
    step = epsilon / 10 * (-1 if targeted else 1)
    momentum = torch.zeros_like(x)
    for _ in range(10):
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(network(x), y, reduction="sum"), x)
        momentum = momentum + gradient / gradient.abs().mean((1, 2, 3), keepdim=True).clamp(min=1.2e-38)
        x = torch.clamp(x + step * momentum.sign(), low, high)
    return x.detach()
