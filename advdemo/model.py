"""LeNet on [0, 1] pixels, and its checkpoint file.

Normalisation is the network's first step, so that everything outside it (attacks, drawings, the page) speaks of pixels
in [0, 1] and an epsilon means the same everywhere.
"""

import json
import os
import tempfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional as F

IMAGE_SHAPE = (1, 28, 28)
CLASSES = 10
MEAN, STD = 0.1307, 0.3081  # of the MNIST training pixels


class LeNet(nn.Module):
    """The tutorial's LeNet, 61,706 parameters (after LeCun et al., 1998, "Gradient-based learning applied to document
    recognition"): float32 pixels (N, 1, 28, 28) in [0, 1] -> logits (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.fc = nn.Sequential(
            nn.Linear(400, 120), nn.ReLU(),
            nn.Linear(120, 84), nn.ReLU(),
            nn.Linear(84, CLASSES),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1:] != IMAGE_SHAPE:
            raise ValueError(f"LeNet takes pixels (N, 1, 28, 28), got {tuple(images.shape)}")
        # The layers above, in half the time on a CPU. Pooling and ReLU commute. Of each pooling window the first
        # convolution computes the four pixels as channels; channels last, pooling runs over them all at once.
        first, second = self.conv[0], self.conv[3]
        pixels = (images - MEAN) / STD
        windows = [F.pad(first.weight, (column, 1 - column, row, 1 - row)) for row in (0, 1) for column in (0, 1)]
        x = _StridedConvolution.apply(pixels, torch.cat(windows), first.bias.repeat(4))
        x = F.max_pool2d(x.view(len(x), 4, 1, -1).permute(0, 3, 1, 2), (4, 1)).view(-1, 6, 14, 14).relu()
        x = x.contiguous(memory_format=torch.channels_last)
        x = F.max_pool2d(F.conv2d(x, second.weight, second.bias), 2).relu()
        return self.fc(x.flatten(1))


class _StridedConvolution(torch.autograd.Function):
    """Convolution at stride 2 with padding 2 by weights (K, 1, 6, 6), with a gradient for its input that is a
    convolution too: ten times faster on a CPU than the one built in."""

    @staticmethod
    def forward(context, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        context.save_for_backward(x, weight)
        return F.conv2d(x, weight, bias, stride=2, padding=2)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = context.saved_tensors
        to_x = to_weight = to_bias = None
        if context.needs_input_grad[0]:
            # Each of the four pixels of a window meets every other row and column of the weights, turned around.
            count = len(weight)
            phases = weight.view(count, 3, 2, 3, 2).permute(2, 4, 0, 1, 3).flip(-1, -2).reshape(4, count, 3, 3)
            to_x = F.pixel_shuffle(F.conv2d(gradient, phases, padding=1), 2)
        if context.needs_input_grad[1]:
            to_weight = torch.nn.grad.conv2d_weight(x, weight.shape, gradient, stride=2, padding=2)
            to_bias = gradient.sum((0, 2, 3))
        return to_x, to_weight, to_bias


def pick_device() -> torch.device:
    """CUDA when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def freeze(model: LeNet) -> LeNet:
    """Eval mode and no parameter gradients: what attacks and concurrent requests rely on."""
    return model.eval().requires_grad_(False)


@torch.no_grad()
def predict(model: nn.Module, images: Tensor) -> Tensor:
    """Probabilities, float32 (N, 10), of pixels (N, 1, 28, 28) in [0, 1]; ValueError for another shape."""
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


def summary(model: LeNet) -> list[tuple[str, tuple[int, ...], int]]:
    """(layer's name, output shape for one image, number of parameters) of each layer, in order."""
    rows = []

    def note(name: str):
        def hook(layer: nn.Module, _inputs: tuple, output: Tensor) -> None:
            rows.append((name, tuple(output.shape[1:]), sum(p.numel() for p in layer.parameters())))

        return hook

    layers = [(name, layer) for name, layer in model.named_modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(note(f"{name} {type(layer).__name__}")) for name, layer in layers]
    features = model.conv(torch.zeros(1, *IMAGE_SHAPE, device=next(model.parameters()).device))
    model.fc(features.flatten(1))
    for hook in hooks:
        hook.remove()
    return rows


def save_checkpoint(model: nn.Module, path: Path | str, record: dict) -> None:
    """Write the weights as safetensors, with `record` as JSON in the header.

    The file is written beside `path` and renamed over it, so that a kill at any moment leaves the old one whole.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = pack_checkpoint(model.state_dict(), record)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes it private
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def pack_checkpoint(weights: dict[str, Tensor], record: dict) -> bytes:
    """The bytes of a checkpoint file."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    return save(tensors, metadata={"record": json.dumps(record)})


def load_checkpoint(path: Path | str, device: torch.device | str | None = None) -> tuple[LeNet, dict]:
    """Read what `save_checkpoint` wrote: (LeNet in eval mode with frozen parameters, the record).

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: not safetensors, or not the finite parameters of a LeNet.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}: make one with `python -m advdemo train --out {path}`")
    model, record = parse_checkpoint(path.read_bytes(), path.name)
    return model.to(device or pick_device()), record


def parse_checkpoint(content: bytes, name: str) -> tuple[LeNet, dict]:
    """`load_checkpoint` of a file's bytes, on the CPU; `name` is what error messages call it."""
    try:
        state = load(content)
        # load() drops the header's metadata: after its length in 8 bytes, the header is JSON.
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        record = json.loads(header.get("__metadata__", {}).get("record", "{}"))
        if not isinstance(record, dict):
            raise ValueError("its record is not a JSON object")
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{name} is not a safetensors checkpoint of a LeNet") from error
    model = LeNet()
    check_state(state, model.state_dict(), name)
    model.load_state_dict(state)
    return freeze(model), record


def check_state(state: dict[str, Tensor], expected: dict[str, Tensor], name: str) -> None:
    """Raise ValueError unless `state` has the names, shapes and dtypes of `expected` and only finite values."""
    if state.keys() != expected.keys():
        odd = sorted(state.keys() ^ expected.keys())
        raise ValueError(f"{name} does not hold a LeNet: missing or unexpected parameters {', '.join(odd[:6])}")
    for key, value in state.items():
        if value.shape != expected[key].shape or value.dtype != expected[key].dtype:
            got, want = (f"{t.dtype} {tuple(t.shape)}" for t in (value, expected[key]))
            raise ValueError(f"{name}: parameter {key} must be {want}, got {got}")
        if not value.isfinite().all():
            raise ValueError(f"{name}: parameter {key} holds values that are not finite")
