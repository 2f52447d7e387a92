import torch
from safetensors.torch import load_file
from torch.nn import functional as F

file = "checkpoints/generator.safetensors"  # {forger}
w = {name: value.float() for name, value in load_file(file).items()}


# {norm}
def norm(h, name, digits):
    h = F.batch_norm(h, w[f"{name}.norm.running_mean"], w[f"{name}.norm.running_var"])
    scale, shift = w[f"{name}.scale.weight"][digits], w[f"{name}.shift.weight"][digits]
    return h * scale[:, :, None, None] + shift[:, :, None, None]


# {generate}
def generate(z, digits):
    h = torch.cat([z, F.one_hot(digits, 10)], 1)
    h = F.linear(h, w["seed.weight"], w["seed.bias"]).view(-1, 64, 7, 7)
    h = F.conv2d(norm(h, "norm1", digits).relu(), w["conv1.weight"], w["conv1.bias"], padding=1)
    h = norm(F.pixel_shuffle(h, 2), "norm2", digits).relu()
    h = F.conv2d(h, w["conv2.weight"], w["conv2.bias"], padding=1)
    return F.pixel_shuffle(h, 2).sigmoid()
