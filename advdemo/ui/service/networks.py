"""The networks that requests are about: the shipped ones, and those that visitors trained or uploaded.

A visitor's browser keeps the weights. The server remembers the last few by the hash of their content, so that they need
not travel with every request; what it has forgotten, or another replica never saw, the browser sends again.
"""

import hashlib
from typing import Any

from torch import nn

from advdemo.networks.checkpoint import CLASSIFIERS, KINDS, pack_checkpoint, parse_checkpoint
from advdemo.networks.guest import Guest
from advdemo.networks.pickles import UnfitError
from advdemo.ui.server.cache import Recent
from advdemo.ui.server.errors import RefusalError

REMEMBERED = 32
UNFIT = {  # what is wrong with a file, by the kinds of UnfitError
    "damaged": "errors.model_unfit",
    "not_finite": "errors.model_not_finite",
    "empty": "errors.file_empty",
    "html": "errors.file_html",
    "layers": "errors.file_layers",
    "lfs": "errors.file_lfs",
    "nothing": "errors.file_nothing",
    "old": "errors.file_old",
    "script": "errors.file_script",
    "tiny": "errors.model_tiny",
    "wants": "errors.file_wants",
}


class Networks:
    """The shipped networks by name, and a cache of visitors' networks by hash. Safe to use from several threads."""

    def __init__(self, shipped: dict[str, nn.Module]) -> None:
        self.shipped = shipped
        self.device = next(shipped["standard"].parameters()).device
        self._visitors: Recent[str, nn.Module] = Recent(REMEMBERED)

    def pick(self, name: str, weights: bytes | None = None) -> nn.Module:
        """The network called `name`: a shipped one's name, or a hash. `weights`, a checkpoint's file, are remembered
        first. RefusalError for weights that are no LeNet, and for a hash that is not known or not theirs: what is
        found out about a network is remembered by its name."""
        if name in self.shipped:
            return self.shipped[name]
        if weights is not None:
            network, found, _ = self.remember(weights)
            if found != name:
                raise RefusalError("errors.unknown_model")
            return network
        known = self._visitors.get(name)
        if known is None:
            raise RefusalError("errors.unknown_model")
        return known

    def remember(self, content: bytes) -> tuple[nn.Module, str, dict[str, Any]]:
        """(The network, its hash, its record) of a checkpoint's file."""
        name = hashlib.sha256(content).hexdigest()
        try:
            network, record = parse_checkpoint(content, "the file", CLASSIFIERS)
        except UnfitError as error:
            raise RefusalError(UNFIT[error.kind], **error.values) from error
        return self._visitors.get(name) or self._visitors.put(name, network.to(self.device)), name, record


def pack(network: nn.Module) -> bytes:
    """The network as a checkpoint's bytes, to send to another process."""
    kind = next(name for name, made in KINDS.items() if type(network) is made)
    return pack_checkpoint(network.state_dict(), {"kind": kind})


def for_job(network: nn.Module) -> bytes | Guest:
    """The network as jobs take it: packed, but a guest as it is, for its class may be known in this process alone."""
    return network if isinstance(network, Guest) else pack(network)
