"""Other people's `.pt` and `.pth` files -> the tensors in them, by their names. Nothing in a file is run: torch's
`weights_only` loader builds tensors and plain containers alone, and a module that was pickled whole, as the tutorial's
`torch.save(net, path)` does, comes out as inert stand-ins that merely hold what they were given.
"""

import io
import sys
import threading
import zipfile
from typing import Any

import torch
from torch import Tensor

WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
)  # keys that hold the network among other things
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and torch.compile
DEEPEST = 20  # modules within one another
_lock = threading.Lock()  # what torch allows is the same for all threads


class UnfitError(ValueError):
    """A file that holds no such network, for the reason that `kind` names; `values` say what was found."""

    def __init__(self, message: str, kind: str, **values: Any) -> None:
        super().__init__(message)
        self.kind, self.values = kind, values


class Inert:
    """What stands in for the class of a pickled module."""

    def __new__(cls, *_: Any, **__: Any) -> "Inert":
        return object.__new__(cls)

    def __setstate__(self, state: Any) -> None:
        self.state = state if isinstance(state, dict) else {}


def read_pickle(content: bytes, name: str) -> dict[str, Tensor]:
    """The dense tensors, on the CPU, of a state dict or of a whole module, which may be wrapped in a dict, with the
    prefixes of its names taken off. UnfitError, calling the file `name`, for anything else."""
    is_archive = content.startswith(b"PK")
    wanted = _wanted(content, name) if is_archive else []
    with _lock, torch.serialization.safe_globals([(Inert, one) for one in wanted]):
        try:
            found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        except Exception as error:
            if not is_archive and "GLOBAL" in str(error):
                remedy = "open it where it was made and save its state_dict()"
                raise UnfitError(
                    f"{name} is a whole module in the format of before torch 1.6: {remedy}", "old"
                ) from None
            raise _damaged(name) from error
    return _tensors_in(found, name)


def _damaged(name: str) -> UnfitError:
    return UnfitError(
        f"{name} is not a safetensors checkpoint, and no file of torch.save: it is damaged or cut; copy it again",
        "damaged",
    )


def _wanted(content: bytes, name: str) -> list[str]:
    """The classes of modules that the pickle asks for. UnfitError when it asks for anything else, and for an archive
    that is none of torch.save."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise _damaged(name) from error
    if any(part.filename.endswith("constants.pkl") for part in parts):
        raise UnfitError(f"{name} is TorchScript: load it in Python and use advdemo.show", "script")
    if sum(part.file_size for part in parts) > 2 * len(content):
        raise _damaged(name)  # compressed, which torch.save never does
    try:
        wanted = torch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(content))
    except Exception as error:
        raise _damaged(name) from error
    for one in wanted:
        if not _is_module_class(one):
            raise UnfitError(
                f"{name} was not opened: it wants {one[:80]}, and tensors and modules are all that a network's file "
                "needs. Save its state_dict()",
                "wants",
                wanted=one[:80],
            )
    return wanted


def _is_module_class(path: str) -> bool:
    """Whether that may be a module's class: one of torch.nn, or somebody's own, which has a capital letter."""
    place, _, last = path.rpartition(".")
    if not last[:1].isupper():
        return False
    return place.startswith("torch.nn.") or place.partition(".")[0] not in {*sys.stdlib_module_names, "torch"}


def _tensors_in(found: Any, name: str) -> dict[str, Tensor]:
    for _ in range(3):
        if isinstance(found, dict) and not any(isinstance(value, Tensor) for value in found.values()):
            found = next((found[key] for key in WRAPPERS if isinstance(found.get(key), dict | Inert)), found)
    tensors: dict[str, Tensor] = {}
    if isinstance(found, Inert):
        _collect(found, "", tensors, DEEPEST)
    elif isinstance(found, dict):
        tensors = {str(key): value for key, value in found.items() if isinstance(value, Tensor)}
    dense = all(value.layout == torch.strided and not value.is_quantized for value in tensors.values())
    if not tensors or not dense:
        what = type(found).__name__ if tensors or not isinstance(found, dict) else "dict without tensors"
        raise UnfitError(f"{name} holds no network but a {what}: save its state_dict()", "nothing", found=what)
    return plain_names(tensors)


def _collect(module: Inert, prefix: str, tensors: dict[str, Tensor], depth: int) -> None:
    state = getattr(module, "state", {})
    passing = state.get("_non_persistent_buffers_set")  # what no state dict holds
    for kind in ("_parameters", "_buffers"):
        own = state.get(kind)
        for key, value in own.items() if isinstance(own, dict) else ():
            if isinstance(value, Tensor) and not (isinstance(passing, set) and key in passing):
                tensors[f"{prefix}{key}"] = value.detach()
    within = state.get("_modules")
    for key, child in within.items() if isinstance(within, dict) else ():
        if isinstance(child, Inert) and depth:
            _collect(child, f"{prefix}{key}.", tensors, depth - 1)


def plain_names(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without prefixes that all their names have in common."""
    while prefix := next((one for one in PREFIXES if all(key.startswith(one) for key in tensors)), ""):
        if not tensors:
            break
        tensors = {key.removeprefix(prefix): value for key, value in tensors.items()}
    return tensors
