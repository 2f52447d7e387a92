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
NHWC = torch.channels_last


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
        units = torch.eye(25).view(25, 1, 5, 5)
        places = [F.pad(units, (column, 1 - column, row, 1 - row)) for row in (0, 1) for column in (0, 1)]
        self.register_buffer("places", torch.stack(places, dim=1).view(25, 4 * 36), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1:] != IMAGE_SHAPE:
            raise ValueError(f"LeNet takes pixels (N, 1, 28, 28), got {tuple(images.shape)}")
        parameters = [*self.conv.parameters(), *self.fc.parameters()]
        return _Network.apply(images, self.places, *parameters)


class _Network(torch.autograd.Function):
    """Normalisation, LeNet's layers and their gradients as one step: on a CPU half the time of
    `fc(conv(x).flatten(1))`, for the same values up to rounding.

    Pooling and ReLU commute, so that pooling comes first. The first convolution computes the four pixels of every
    pooling window as four groups of channels: one convolution at stride 2, by the weight at its four places in 6x6
    (`places` puts it there), whose gradient for the images is a convolution too. The second one's gradients are each
    taken in the memory layout that is quickest for it.
    """

    @staticmethod
    def forward(context, images: Tensor, places: Tensor, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5) -> Tensor:
        x = (images - MEAN).div_(STD)
        placed = (w1.view(6, 25) @ places).view(6, 4, 36).transpose(0, 1).reshape(24, 1, 6, 6)
        windows = F.conv2d(x, placed, b1.repeat(4), stride=2, padding=2).view(len(x), 4, 1, -1).permute(0, 3, 1, 2)
        pooled1, at1 = F.max_pool2d(windows, (4, 1), return_indices=True)
        h1 = pooled1.view(-1, 6, 14, 14).relu()
        h1_nhwc, w2_nhwc = (tensor.contiguous(memory_format=NHWC) for tensor in (h1, w2))
        y2 = F.conv2d(h1_nhwc, w2_nhwc, b2)
        pooled2, at2 = F.max_pool2d(y2, 2, return_indices=True)
        h2 = pooled2.flatten(1).relu()
        h3 = torch.addmm(b3, h2, w3.T).relu_()
        h4 = torch.addmm(b4, h3, w4.T).relu_()
        context.save_for_backward(x, places, placed, at1, h1, h1_nhwc, w2, w2_nhwc, at2, h2, w3, h3, w4, h4, w5)
        return torch.addmm(b5, h4, w5.T)

    @staticmethod
    def backward(context, g: Tensor) -> tuple[Tensor | None, ...]:
        x, places, placed, at1, h1, h1_nhwc, w2, w2_nhwc, at2, h2, w3, h3, w4, h4, w5 = context.saved_tensors
        count, to_weights = len(x), context.needs_input_grad[2]
        gradients: list[Tensor | None] = [None] * 10
        for layer, (weight, h) in zip((8, 6, 4), ((w5, h4), (w4, h3), (w3, h2)), strict=True):
            if to_weights:
                gradients[layer : layer + 2] = g.T @ h, g.sum(0)
            g = _relu_gradient(g @ weight, h)
        g = g.new_zeros(count, 16, 100).scatter_(2, at2.flatten(2), g.view(count, 16, 25)).view(count, 16, 10, 10)
        if to_weights:
            g_nhwc = g.contiguous(memory_format=NHWC)
            gradients[2:4] = _convolution_gradients(g_nhwc, h1_nhwc, w2_nhwc, wanted=(False, True, True))[1:]
        g, _, _ = _convolution_gradients(g, h1, w2, wanted=(True, False, False))
        g = _relu_gradient(g, h1).view(count, 1, -1)
        g = g.new_zeros(count, 4, g.shape[2]).scatter_(1, at1.view(count, 1, -1), g).view(count, 24, 14, 14)
        if to_weights:
            _, to_placed, sums = _convolution_gradients(g, x, placed, stride=2, padding=2, wanted=(False, True, True))
            to_w1 = to_placed.view(4, 6, 36).transpose(0, 1).reshape(6, 144) @ places.T
            gradients[:2] = to_w1.view(6, 1, 5, 5), sums.view(4, 6).sum(0)
        to_images = None
        if context.needs_input_grad[0]:
            # Of the 6x6 weights each pixel of a window meets every other row and column, turned around.
            phases = placed.view(24, 3, 2, 3, 2).permute(2, 4, 0, 1, 3).flip(-1, -2).reshape(4, 24, 3, 3)
            to_images = F.pixel_shuffle(F.conv2d(g, phases, padding=1), 2).div_(STD)
        return to_images, None, *gradients


def _relu_gradient(gradient: Tensor, output: Tensor) -> Tensor:
    return torch.ops.aten.threshold_backward(gradient, output, 0)


def _convolution_gradients(
    gradient: Tensor, x: Tensor, weight: Tensor, *, stride: int = 1, padding: int = 0, wanted: tuple[bool, bool, bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Those wanted of the gradients for (x, weight, bias)."""
    options = [len(weight)], [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1
    return torch.ops.aten.convolution_backward(gradient, x, weight, *options, wanted)


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
