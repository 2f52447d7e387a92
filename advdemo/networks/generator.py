"""The forger of the GAN: random numbers and a class in, a digit out.

A conditional generator (Mirza and Osindero, 2014, "Conditional generative adversarial nets") in the manner of DCGAN
(Radford et al., 2016), small enough for a CPU: it works at 7x7, where channels are cheap, and unfolds them into pixels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo import CLASSES

LATENT = 64  # random numbers that a digit is made from
PER_UNIT = 32  # values of an int8 to one, in latents that are written down


class Generator(nn.Module):
    """float32 latents (N, 64), each standard normal, and int64 classes (N,) -> pixels (N, 1, 28, 28) in [0, 1]; 312,132
    parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.seed = nn.Linear(LATENT + CLASSES, 64 * 7 * 7)
        self.norm1 = ClassNorm(64)
        self.conv1 = nn.Conv2d(64, 128, 3, padding=1)
        self.norm2 = ClassNorm(32)
        self.conv2 = nn.Conv2d(32, 4, 3, padding=1)

    def forward(self, latents: Tensor, digits: Tensor) -> Tensor:
        h = self.seed(torch.cat([latents, F.one_hot(digits, CLASSES)], dim=1)).view(-1, 64, 7, 7)
        h = self.conv1(self.norm1(h, digits).relu())  # (N, 128, 7, 7)
        h = self.norm2(F.pixel_shuffle(h, 2), digits).relu()  # (N, 32, 14, 14)
        return F.pixel_shuffle(self.conv2(h), 2).sigmoid()  # (N, 1, 28, 28)


class ClassNorm(nn.Module):
    """Batch normalisation whose scale and shift are each class's own (de Vries et al., 2017): it tells the layers
    which digit to draw."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale = nn.Embedding(CLASSES, channels)
        self.shift = nn.Embedding(CLASSES, channels)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, h: Tensor, digits: Tensor) -> Tensor:
        return self.norm(h) * self.scale(digits)[:, :, None, None] + self.shift(digits)[:, :, None, None]


@torch.no_grad()
def generate(generator: Generator, digits: Tensor, *, seed: int = 0, latent: Tensor | None = None) -> Tensor:
    """Digits to order.

    Args:
        generator: in eval mode.
        digits: int64 (N,) in 0..9, the classes to draw.
        seed: decides the latents: the same seed and place in `digits` give the same digit.
        latent: float32 (N, 64) instead of random ones.

    Returns:
        float32 (N, 1, 28, 28) in [0, 1], on the generator's device.

    Raises:
        ValueError: digits or latents of another shape, type or range.
    """
    if not isinstance(digits, Tensor) or digits.dtype != torch.int64 or digits.dim() != 1 or len(digits) == 0:
        got = f"{digits.dtype} {tuple(digits.shape)}" if isinstance(digits, Tensor) else type(digits).__name__
        raise ValueError(f"digits must be an int64 tensor (N,) with N of at least 1, got {got}")
    low, high = int(digits.min()), int(digits.max())
    if low < 0 or high >= CLASSES:
        raise ValueError(f"digits must be in 0..9, got {low if low < 0 else high}")
    if latent is None:
        latent = torch.randn(len(digits), LATENT, generator=torch.Generator().manual_seed(seed))
    elif latent.dtype != torch.float32 or latent.shape != (len(digits), LATENT) or not latent.isfinite().all():
        got = f"{latent.dtype} {tuple(latent.shape)}"
        raise ValueError(f"latent must be finite float32 ({len(digits)}, {LATENT}), got {got}")
    device = next(generator.parameters()).device
    batches = zip(latent.to(device).split(500), digits.to(device).split(500), strict=True)
    return torch.cat([generator(some, classes) for some, classes in batches])


def plane(seed: int, places: Tensor, *, centre: Tensor | None = None) -> Tensor:
    """Latents of a plane that passes through the space of all: neighbours give digits that look alike.

    Args:
        seed: decides the plane.
        places: float32 (N, 2), coordinates on it; 1 is as far from the middle as two latents are from one another.
        centre: float32 (64,), the latent in its middle instead of a random one.

    Returns:
        float32 (N, 64); with a random centre each is standard normal, wherever it lies.
    """
    random = torch.randn(3, LATENT, generator=torch.Generator().manual_seed(seed))
    middle = random[0] if centre is None else centre
    return (middle + places @ random[1:]) / (1 + places.square().sum(1, keepdim=True)).sqrt()


def round_latents(latents: Tensor) -> Tensor:
    """The nearest latents that int8 can hold in steps of 1 / PER_UNIT, as float32; -4 to 4 is their range."""
    return (latents * PER_UNIT).round().clamp(-127, 127) / PER_UNIT
