"""Which network a question is about: a shipped one, or one that a visitor trained or uploaded.

The visitor's browser keeps the weights. The server remembers the last few by the hash of their content, so that they
need not travel with every question; what it has forgotten, or another replica never saw, the browser sends again.
"""

import base64
import hashlib
from collections import OrderedDict
from threading import Lock

from advdemo.networks.checkpoint import parse_checkpoint
from advdemo.networks.lenet import LeNet

MAX_BYTES = 1_000_000  # of an uploaded file; a LeNet takes 250,000
REMEMBERED = 32


class UnknownModelError(ValueError):
    """The server does not have the model asked for: the browser should send its weights."""


class Models:
    """The shipped models by name, and a cache of visitors' models by hash. Safe to use from several threads."""

    def __init__(self, shipped: dict[str, LeNet]) -> None:
        self.shipped = shipped
        self._device = next(shipped["standard"].parameters()).device
        self._visitors: OrderedDict[str, LeNet] = OrderedDict()
        self._lock = Lock()

    def pick(self, name: object, weights: object = None) -> LeNet:
        """The model called `name`: a shipped one's name (None is "standard"), or a hash. `weights`, a safetensors file
        as base64, are remembered first. ValueError for weights that are no LeNet, UnknownModelError for a hash that is
        not known."""
        if name is None:
            name = "standard"
        if isinstance(name, str) and name in self.shipped:
            return self.shipped[name]
        if weights is not None:
            return self.remember(weights)[0]
        with self._lock:
            if not isinstance(name, str) or name not in self._visitors:
                raise UnknownModelError("This model is no longer on the server: it is being sent again.")
            self._visitors.move_to_end(name)
            return self._visitors[name]

    def remember(self, weights: object) -> tuple[LeNet, str, dict]:
        """(the model, its hash, its record) of a safetensors file as base64."""
        if not isinstance(weights, str) or len(weights) > MAX_BYTES * 4 // 3 + 4:
            raise ValueError("A model must be a safetensors file of at most 1 MB.")
        try:
            content = base64.b64decode(weights, validate=True)
        except ValueError:
            raise ValueError("The model arrived damaged: please send it again.") from None
        model, record = parse_checkpoint(content, "the file")
        name = hashlib.sha256(content).hexdigest()
        with self._lock:
            model = self._visitors.setdefault(name, model.to(self._device))
            self._visitors.move_to_end(name)
            while len(self._visitors) > REMEMBERED:
                self._visitors.popitem(last=False)
        return model, name, record
