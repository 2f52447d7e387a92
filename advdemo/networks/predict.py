"""What a network makes of images: probabilities, classes, accuracy, confusion; and what it is made of."""

import os
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from advdemo import CLASSES, IMAGE_SHAPE
from advdemo.networks.lenet import LeNet

Network = TypeVar("Network", bound=nn.Module)


def pick_device() -> torch.device:
    """CUDA when there is one, else the CPU; the CPU on ZeroGPU, where torch speaks of a GPU that is yet to be lent."""
    return torch.device("cuda" if torch.cuda.is_available() and not on_zerogpu() else "cpu")


def on_zerogpu() -> bool:
    """Whether this runs on Hugging Face's ZeroGPU hardware: its `spaces` package reads the same variable."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def freeze(network: Network) -> Network:
    """Eval mode and no parameter gradients: what attacks and concurrent requests rely on."""
    return network.eval().requires_grad_(False)


@torch.no_grad()
def predict(model: nn.Module, images: Tensor) -> Tensor:
    """Probabilities, float32 (N, 10), of pixels (N, 1, 28, 28) in [0, 1]; ValueError for another shape."""
    if images.shape[1:] != IMAGE_SHAPE:
        raise ValueError(f"images must be pixels (N, 1, 28, 28), got {tuple(images.shape)}")
    return model(images).softmax(1)


@torch.no_grad()
def classify(model: nn.Module, images: Tensor, *, batch_size: int = 500) -> Tensor:
    """The most likely class, int64 (N,), of each image (N, 1, 28, 28), computed on the model's device."""
    device = next(model.parameters(), images).device
    return torch.cat([model(batch.to(device)).argmax(1) for batch in images.split(batch_size)])


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """The share of images (N, 1, 28, 28), in 0..1, whose most likely class is their label (N,)."""
    predicted = classify(model, images)
    return (predicted == labels.to(predicted.device)).float().mean().item()


def confusion(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """int64 (10, 10), counts of true class -> predicted class, on the CPU."""
    pairs = labels.cpu() * CLASSES + classify(model, images).cpu()
    return pairs.bincount(minlength=CLASSES * CLASSES).view(CLASSES, CLASSES)


def summary(network: LeNet) -> list[tuple[str, tuple[int, ...], int]]:
    """(layer's name, output shape for one image, number of parameters) of each layer, in order."""
    rows = []

    def note(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
            rows.append((name, tuple(output.shape[1:]), sum(p.numel() for p in layer.parameters())))

        return hook

    layers = [(name, layer) for name, layer in network.named_modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(note(f"{name} {type(layer).__name__}")) for name, layer in layers]
    # Layer by layer, as the fast one does not run.
    LeNet.forward(network, torch.zeros(1, *IMAGE_SHAPE, device=next(network.parameters()).device))
    for hook in hooks:
        hook.remove()
    return rows
