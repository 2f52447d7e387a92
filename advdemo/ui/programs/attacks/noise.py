import zlib

import torch


# {noise}
def attack(network, x, y, epsilon, targeted=False):
    seeds = [zlib.crc32(image.numpy().tobytes()) for image in x]
    chance = [torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return (x + epsilon * (2 * torch.stack(chance) - 1).sign()).clamp(0, 1)
