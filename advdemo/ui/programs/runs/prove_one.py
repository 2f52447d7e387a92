import torch

from advdemo.ui.programs.images.mnist_one import image
from advdemo.ui.programs.proofs.intervals import proved

y = torch.tensor([3])
low, high = 0, 10_000  # {search}
while high - low > 1:
    middle = (low + high) // 2
    low, high = (middle, high) if proved(image, y, middle / 10_000) else (low, middle)
print(low / 10_000)
