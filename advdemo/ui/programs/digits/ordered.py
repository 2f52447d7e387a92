import torch

from advdemo.ui.programs.digits.generator import generate
from advdemo.ui.programs.digits.letters import show

digit = 5
seed = 12
place = (17, -31)
# {plane}
random = torch.randn(3, 64, generator=torch.Generator().manual_seed(seed))
middle = random[0]
x, y = (step * 1.2 / 50 for step in place)
z = (middle + x * random[1] + y * random[2]) / (1 + x * x + y * y) ** 0.5
image = generate(z[None], torch.tensor([digit]))[0]
show(image)
