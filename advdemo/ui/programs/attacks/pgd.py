import torch
from torch.nn import functional as F


# {pgd}
def attack(network, x, y, epsilon, targeted=False):
    low, high = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
    step = 2.5 * epsilon / 40 * (-1 if targeted else 1)
    for _ in range(40):
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(network(x), y, reduction="sum"), x)
        x = torch.clamp(x + step * gradient.sign(), low, high)
    return x.detach()
