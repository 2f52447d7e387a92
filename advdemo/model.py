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
        self.to(memory_format=torch.channels_last)  # a quarter faster backwards on a CPU

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1:] != IMAGE_SHAPE:
            raise ValueError(f"LeNet takes pixels (N, 1, 28, 28), got {tuple(images.shape)}")
        pixels = (images - MEAN) / STD
        features = self.conv(pixels) if torch.is_grad_enabled() else self._features_without_gradient(pixels)
        return self.fc(features.flatten(1))

    def _features_without_gradient(self, pixels: Tensor) -> Tensor:
        """`self.conv(pixels)` in half the time on a CPU: pooling before the ReLU (they commute), as maxima of slices,
        and the first convolution at stride 2 with the four pixels of a pooling window as channels. Gradients do not go
        this way: `maximum` would split a tie between two pixels where `max_pool2d` gives it to one."""
        first, second = self.conv[0], self.conv[3]
        windows = [F.pad(first.weight, (column, 1 - column, row, 1 - row)) for row in (0, 1) for column in (0, 1)]
        x = F.conv2d(pixels, torch.cat(windows), first.bias.repeat(4), stride=2, padding=2)
        a, b, c, d = x.split(len(first.weight), dim=1)
        x = torch.maximum(torch.maximum(a, b), torch.maximum(c, d)).relu_()
        x = F.conv2d(x, second.weight.contiguous(), second.bias)
        x = torch.maximum(x[..., 0::2, :], x[..., 1::2, :])
        return torch.maximum(x[..., 0::2], x[..., 1::2]).relu_()


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
    with torch.enable_grad():  # the way through every layer
        model(torch.zeros(1, *IMAGE_SHAPE, device=next(model.parameters()).device))
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
