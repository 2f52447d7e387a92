"""Checkpoint files: a network's weights as safetensors, with a record of how it came to be as JSON in the header.
Others' `.pt` and `.pth` files are read, too; what is written is safetensors."""

import glob
import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from advdemo import IMAGE_SHAPE
from advdemo.networks.binarised import Binarised
from advdemo.networks.discriminator import Discriminator
from advdemo.networks.fast import FastLeNet
from advdemo.networks.generator import Generator
from advdemo.networks.pickles import UnfitError, plain_names, read_pickle
from advdemo.networks.predict import freeze, pick_device

ABANDONED = 600  # seconds after which the temporary file of a save that was killed is cleaned up
# By the record's `kind`; without one it is a LeNet.
OTHER = "To look at a network of other layers, use `advdemo show`"
PRECISIONS = {torch.float16, torch.bfloat16, torch.float64}  # that a LeNet is converted from
SMALLEST = torch.tensor(1e-30)  # of a parameter's largest value
FOREIGN = (  # how a file begins: what it is
    (b"version https://git-lfs", "lfs", "it is a pointer of Git LFS: fetch the file itself with `git lfs pull`"),
    ((b"<!doctype", b"<html"), "html", "it is a web page: download the file itself"),
    (b"", "empty", "it is empty: copy it again"),
)
CLASSIFIERS: dict[str, type[nn.Module]] = {"LeNet": FastLeNet}
KINDS = CLASSIFIERS | {"binarised": Binarised, "generator": Generator, "discriminator": Discriminator}


def check_writable(path: Path) -> None:
    """Make the folder of a file that is to be written: before the work, not after it. OSError when it cannot be made
    or written to, or when `path` is a folder itself."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path.parent} cannot be written to: choose another folder")


def save_checkpoint(model: nn.Module, path: Path | str, record: dict[str, Any]) -> None:
    """Write the weights as safetensors, with `record` as JSON in the header.

    The file is written beside `path` and renamed over it, so that a kill at any moment leaves the old one whole.
    OSError, naming `path`, when it cannot be written.
    """
    save_weights(model.state_dict(), path, record)


def save_weights(weights: dict[str, Tensor], path: Path | str, record: dict[str, Any]) -> None:
    """`save_checkpoint` of any tensors, by their names."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = pack_checkpoint(weights, record)
    _clean_up(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes it private
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _clean_up(path: Path) -> None:
    """Remove what saves to `path` that were killed have left beside it."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        with suppress(OSError):  # another process was quicker
            if time.time() - left.stat().st_mtime > ABANDONED:
                left.unlink()


def pack_checkpoint(weights: dict[str, Tensor], record: dict[str, Any]) -> bytes:
    """The bytes of a checkpoint file."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    return save(tensors, metadata={"record": json.dumps(record)})


def unpack_checkpoint(content: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `pack_checkpoint` put together: any tensors by their names, on the CPU, and the record, empty where there is
    none. ValueError when it is not safetensors, or the record is no JSON object."""
    try:
        tensors = load(content)
        # load() drops the header's metadata: after its length in 8 bytes, the header is JSON.
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        record = json.loads((header.get("__metadata__") or {}).get("record", "{}"))
    except (SafetensorError, RecursionError) as error:
        raise ValueError(f"this is no safetensors file: {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"the record must be a JSON object, got {type(record).__name__}")
    return tensors, record


def load_checkpoint(
    path: Path | str, device: torch.device | str | None = None, kinds: dict[str, type[nn.Module]] = KINDS
) -> tuple[nn.Module, dict[str, Any]]:
    """Read what `save_checkpoint` wrote: (the network in eval mode with frozen parameters, the record). The record's
    `kind` says which of `kinds` it is; a LeNet comes back as the fast one.

    A `.pt` or `.pth` file of torch.save is read as well, whether it holds a state dict, one in a dict under
    "state_dict" or "model", or a whole module; in half, bfloat16, single or double precision.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: neither of these, or not the finite parameters of such a network. Nothing in the file is run.
    """
    path = Path(path)
    if path.is_dir():
        raise UnfitError(f"{path} is a folder: name the checkpoint's file in it", "nothing", found="folder")
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}: make one with `python -m advdemo train --out {path}`")
    network, record = parse_checkpoint(path.read_bytes(), path.name, kinds)
    return network.to(device or pick_device()), record


def parse_checkpoint(
    content: bytes, name: str, kinds: dict[str, type[nn.Module]] = KINDS
) -> tuple[nn.Module, dict[str, Any]]:
    """`load_checkpoint` of a file's bytes, on the CPU; `name` is what error messages call it, `kinds` are the networks
    that it may hold."""
    state, record = _read(content, name, kinds)
    kind = record.get("kind", "LeNet")
    if not isinstance(kind, str) or kind not in kinds:
        found = str(kind)[:40]
        raise UnfitError(f"{name} holds a {found!r}, not a {' or '.join(kinds)}", "nothing", found=found)
    network = kinds[kind]()
    expected = network.state_dict()
    if kind not in CLASSIFIERS:  # they are stored in half the bytes
        state = {key: value.float() if value.dtype == torch.float16 else value for key, value in state.items()}
    elif len(types := {value.dtype for value in state.values()}) == 1 and types <= PRECISIONS:
        small = all(value.numel() <= 1 << 20 for value in state.values())
        state = {key: value.float() if small else value for key, value in state.items()}
    check_state(state, expected, name)
    network.load_state_dict(state)
    freeze(network)
    if kind in CLASSIFIERS:
        _check_arithmetic(network, name)
    return network, record


def is_safetensors(content: bytes) -> bool:
    """Whether it is no archive and no pickle of torch.save. A safetensors file, too, may begin with their signs: its
    first 8 bytes are the length of its header, 0x80 in the lowest of them for one file in 32."""
    return not content.startswith((b"PK", b"\x80")) or int.from_bytes(content[:8], "little") < len(content)


def _read(content: bytes, name: str, kinds: dict[str, type[nn.Module]]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not is_safetensors(content):
        return read_pickle(content, name), {}
    try:
        state, record = unpack_checkpoint(content)
    except ValueError as error:
        begins = content[:200].lstrip().lower()
        foreign = [(kind, found) for sign, kind, found in FOREIGN if begins.startswith(sign) if sign or not content]
        kind, found = (foreign or [("damaged", "it is damaged or cut, or of another kind: copy it again")])[0]
        wanted = " or a ".join(kinds)
        raise UnfitError(f"{name} is not a safetensors checkpoint of a {wanted}: {found}", kind) from error
    return plain_names(state), record


def _check_arithmetic(network: nn.Module, name: str) -> None:
    """Refuse finite weights so large that the logits, or what attacks compute from them, are not finite, and weights so
    small that what attacks compute from them is lost."""
    for key, value in network.state_dict().items():
        if 0 < _bits(value).max() < _bits(SMALLEST):
            raise UnfitError(f"{name}: the values of {key} are so small that arithmetic fails", "tiny", layer=key)
    with torch.enable_grad():
        pixels = torch.stack([torch.zeros(IMAGE_SHAPE), torch.ones(IMAGE_SHAPE)]).requires_grad_()
        logits = network(pixels)
        (gradient,) = torch.autograd.grad(logits.logsumexp(1).sum(), pixels)
    if not (logits.isfinite().all() and gradient.isfinite().all()):
        raise UnfitError(f"{name} holds values so large that the network's answers are not finite", "not_finite")


def _bits(values: Tensor) -> Tensor:
    """Whole numbers in the order of the sizes of float32 `values`, which a processor that flushes the smallest compares
    as 0."""
    return values.abs().view(torch.int32)


def check_state(state: dict[str, Tensor], expected: dict[str, Tensor], name: str) -> None:
    """Raise UnfitError unless `state` has the names, shapes and dtypes of `expected` and only finite values."""
    if state.keys() != expected.keys():
        odd = ", ".join(sorted(state.keys() ^ expected.keys())[:6])
        raise UnfitError(
            f"{name} does not hold such a network: missing or unexpected parameters {odd}. {OTHER}", "layers", odd=odd
        )
    for key, value in state.items():
        if value.shape != expected[key].shape or value.dtype != expected[key].dtype:
            got, want = (f"{t.dtype} {tuple(t.shape)}" for t in (value, expected[key]))
            raise UnfitError(
                f"{name}: parameter {key} must be {want}, got {got}. {OTHER}",
                "layers",
                odd=f"{key} {tuple(value.shape)}",
            )
        if not value.isfinite().all():
            raise UnfitError(f"{name}: parameter {key} holds values that are not finite", "not_finite")
