import zlib

import torch
from torch.nn import functional as F


# {dim}
def attack(network, x, y, epsilon, targeted=False):
    low, high = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)
    step = epsilon / 10 * (-1 if targeted else 1)
    chance = torch.rand(10, 4, generator=torch.Generator().manual_seed(zlib.crc32(x.numpy().tobytes())))
    momentum = torch.zeros_like(x)
    for whether, size, top, left in chance.tolist():
        side = 24 + int(size * 5) if whether < 0.5 else 28
        top, left = int(top * (29 - side)), int(left * (29 - side))
        x = x.detach().requires_grad_()
        seen = F.interpolate(x, side, mode="bilinear")
        seen = F.pad(seen, (left, 28 - side - left, top, 28 - side - top))
        (gradient,) = torch.autograd.grad(F.cross_entropy(network(seen), y), x)
        momentum = momentum + gradient / gradient.abs().mean().clamp(min=1.2e-38)
        x = torch.clamp(x + step * momentum.sign(), low, high)
    return x.detach()
