"""Checkpoint files: a network's weights as safetensors, with a record of how it came to be as JSON in the header."""

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

from advdemo.networks.binarised import Binarised
from advdemo.networks.discriminator import Discriminator
from advdemo.networks.fast import FastLeNet
from advdemo.networks.generator import Generator
from advdemo.networks.predict import freeze, pick_device

ABANDONED = 600  # seconds after which the temporary file of a save that was killed is cleaned up
# By the record's `kind`; without one it is a LeNet.
CLASSIFIERS: dict[str, type[nn.Module]] = {"LeNet": FastLeNet}
KINDS = CLASSIFIERS | {"binarised": Binarised, "generator": Generator, "discriminator": Discriminator}


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

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: not safetensors, or not the finite parameters of such a network.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}: make one with `python -m advdemo train --out {path}`")
    network, record = parse_checkpoint(path.read_bytes(), path.name, kinds)
    return network.to(device or pick_device()), record


def parse_checkpoint(
    content: bytes, name: str, kinds: dict[str, type[nn.Module]] = KINDS
) -> tuple[nn.Module, dict[str, Any]]:
    """`load_checkpoint` of a file's bytes, on the CPU; `name` is what error messages call it, `kinds` are the networks
    that it may hold."""
    try:
        state, record = unpack_checkpoint(content)
    except ValueError as error:
        raise ValueError(f"{name} is not a safetensors checkpoint of a {' or a '.join(kinds)}") from error
    kind = record.get("kind", "LeNet")
    if not isinstance(kind, str) or kind not in kinds:
        raise ValueError(f"{name} holds a {str(kind)[:40]!r}, not a {' or '.join(kinds)}")
    network = kinds[kind]()
    if kind not in CLASSIFIERS:  # they are stored in half the bytes
        state = {key: value.float() if value.dtype == torch.float16 else value for key, value in state.items()}
    check_state(state, network.state_dict(), name)
    network.load_state_dict(state)
    return freeze(network), record


def check_state(state: dict[str, Tensor], expected: dict[str, Tensor], name: str) -> None:
    """Raise ValueError unless `state` has the names, shapes and dtypes of `expected` and only finite values."""
    if state.keys() != expected.keys():
        odd = sorted(state.keys() ^ expected.keys())
        raise ValueError(f"{name} does not hold such a network: missing or unexpected parameters {', '.join(odd[:6])}")
    for key, value in state.items():
        if value.shape != expected[key].shape or value.dtype != expected[key].dtype:
            got, want = (f"{t.dtype} {tuple(t.shape)}" for t in (value, expected[key]))
            raise ValueError(f"{name}: parameter {key} must be {want}, got {got}")
        if not value.isfinite().all():
            raise ValueError(f"{name}: parameter {key} holds values that are not finite")
