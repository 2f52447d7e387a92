import torch

from advdemo.ui.programs.digits.generator import generate
from advdemo.ui.programs.digits.letters import show

count = 30
# {latents}
z = torch.randn(100, 64, generator=torch.Generator().manual_seed(0))[:count]
images = generate(z, torch.arange(count) % 10)
for image in images:
    show(image)
