"""Which network a question is about: a shipped one, or one that a visitor trained or uploaded.

The visitor's browser keeps the weights. The server remembers the last few by the hash of their content, so that they
need not travel with every question; what it has forgotten, or another replica never saw, the browser sends again.
"""

import base64
import hashlib
import re
from collections import OrderedDict
from threading import Lock

import torch
from torch import nn

from advdemo import IMAGE_SHAPE
from advdemo.networks.checkpoint import CLASSIFIERS, KINDS, pack_checkpoint, parse_checkpoint
from advdemo.networks.guest import Guest
from advdemo.ui.replies import RefusalError, refusing, shown

MAX_BYTES = 1_000_000  # of an uploaded file; a LeNet takes 250,000
REMEMBERED = 32
HASH = re.compile("[0-9a-f]{64}")


class Models:
    """The shipped models by name, and a cache of visitors' models by hash. Safe to use from several threads."""

    def __init__(self, shipped: dict[str, nn.Module]) -> None:
        self.shipped = shipped
        self.device = next(shipped["standard"].parameters()).device
        self._visitors: OrderedDict[str, nn.Module] = OrderedDict()
        self._lock = Lock()

    def pick(self, name: object, weights: object = None) -> nn.Module:
        """The model called `name`: a shipped one's name (None is "standard"), or a hash. `weights`, a safetensors file
        as base64, are remembered first. RefusalError for weights that are no LeNet and for a name or hash that is not
        known."""
        if name is None:
            name = "standard"
        if isinstance(name, str) and name in self.shipped:
            return self.shipped[name]
        if weights is not None:
            return self.remember(weights)[0]
        if not isinstance(name, str) or not HASH.fullmatch(name):
            raise RefusalError("errors.unknown_network", network=shown(name), networks=", ".join(self.shipped))
        with self._lock:
            if name not in self._visitors:
                raise RefusalError("errors.unknown_model")
            self._visitors.move_to_end(name)
            return self._visitors[name]

    def remember(self, weights: object) -> tuple[nn.Module, str, dict]:
        """(the model, its hash, its record) of a safetensors file as base64."""
        if not isinstance(weights, str) or len(weights) > MAX_BYTES * 4 // 3 + 4:
            raise RefusalError("errors.model_too_large")
        try:
            content = base64.b64decode(weights, validate=True)
        except ValueError:
            raise RefusalError("errors.model_damaged") from None
        with refusing("errors.model_unfit"):
            model, record = parse_checkpoint(content, "the file", CLASSIFIERS)
        check_answers(model)
        name = hashlib.sha256(content).hexdigest()
        with self._lock:
            model = self._visitors.setdefault(name, model.to(self.device))
            self._visitors.move_to_end(name)
            while len(self._visitors) > REMEMBERED:
                self._visitors.popitem(last=False)
        return model, name, record


def check_answers(model: nn.Module) -> None:
    """Refuse finite weights so large that the answers, or what attacks compute from them, are not finite."""
    images = torch.stack([torch.zeros(IMAGE_SHAPE), torch.ones(IMAGE_SHAPE)])
    with torch.enable_grad():
        pixels = images.requires_grad_()
        logits = model(pixels)
        (gradient,) = torch.autograd.grad(logits.logsumexp(1).sum(), pixels)
    if not (logits.isfinite().all() and gradient.isfinite().all()):
        raise RefusalError("errors.model_not_finite")


def pack(model: nn.Module) -> bytes:
    """The model as a checkpoint's bytes, to send to another process."""
    kind = next(name for name, network in KINDS.items() if type(model) is network)
    return pack_checkpoint(model.state_dict(), {"kind": kind})


def for_job(model: nn.Module) -> bytes | Guest:
    """The model as jobs take it: packed, but a guest as it is, for its class may be known in this process alone."""
    return model if isinstance(model, Guest) else pack(model)
