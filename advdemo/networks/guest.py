"""A network of somebody else's beside the shipped ones: any module from pixels to logits, checked and wrapped."""

import copy
from contextlib import suppress
from threading import Event

import torch
from torch import Tensor, nn

from advdemo import CLASSES, IMAGE_SHAPE
from advdemo.networks.fast import FastLeNet
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import freeze


class Stopped(Exception):  # noqa: N818
    """Nobody waits for the answer any more."""


class NoTensorError(TypeError):
    """A network answers something else than one tensor."""


class Guest(nn.Module):
    """A network whose layers are its own business: pixels (N, 1, 28, 28) in [0, 1] -> float32 logits (N, 10). Proofs,
    which know LeNet's layers alone, see none of this one's."""

    def __init__(self, network: nn.Module, ended: Event | None = None) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(()), requires_grad=False)  # tells the device where nothing else does
        self.network = network
        self._ended = ended

    def forward(self, images: Tensor) -> Tensor:
        if self._ended is not None and self._ended.is_set():
            raise Stopped
        logits = self.network(images)
        if not isinstance(logits, Tensor):
            raise NoTensorError(type(logits).__name__)
        return logits.float()

    def until(self, ended: Event) -> "Guest":
        """The same network, which raises Stopped from then on."""
        return Guest(self.network, ended).to(self.place.device)


def adopt(network: nn.Module, name: str, device: torch.device | str = "cpu") -> nn.Module:
    """A frozen copy of `network` in eval mode, on `device`, with the interface of the shipped ones; a LeNet comes back
    as the fast one. `network` itself stays as it is, unless it cannot be copied, as TorchScript and old weight_norm
    cannot: then it is frozen itself.

    Raises:
        ValueError: what `name` is called is no module, or does not give finite logits (N, 10) with
            gradients for pixels (N, 1, 28, 28) in [0, 1], on the CPU and on `device`.
    """
    if not isinstance(network, nn.Module):
        raise ValueError(f"{name} must be an nn.Module, got {type(network).__name__}")
    if type(network) in (LeNet, FastLeNet):
        fast = FastLeNet()
        fast.load_state_dict(network.state_dict())
        guest: nn.Module = freeze(fast)
    else:
        own = network
        if not isinstance(network, torch.jit.ScriptModule):  # of which a copy's parameters are no parameters
            with suppress(Exception):  # whatever a module's parts raise
                own = copy.deepcopy(network)
        guest = freeze(Guest(own).cpu())
    _check(guest, name)
    if (device := torch.device(device)).type != "cpu":
        try:
            _check(guest.to(device), name)
        except ValueError as error:
            remedy = "make its constants buffers, which move along with it"
            raise ValueError(f"{error}. It works on the CPU but not on {device.type}: {remedy}") from error
    return guest


@torch.no_grad()
def look_at(guest: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, bool]:
    """(Clean accuracy on the images, whether the same pixels get the same logits twice)."""
    device = next(guest.parameters()).device
    first, second = (torch.cat([guest(part.to(device)).cpu() for part in images.split(250)]) for _ in range(2))
    return (first.argmax(1) == labels).float().mean().item(), torch.allclose(first, second, atol=1e-4)


def _check(guest: nn.Module, name: str) -> None:
    device, random = next(guest.parameters()).device, torch.Generator().manual_seed(0)
    for count in (1, 3):
        with torch.enable_grad():
            pixels = torch.rand(count, *IMAGE_SHAPE, generator=random).to(device).requires_grad_()
            try:
                logits = guest(pixels)
            except NoTensorError as error:
                remedy = f"wrap it so that it gives the logits {(count, CLASSES)} alone"
                raise ValueError(f"{name} answers with a {error}, not with a tensor: {remedy}") from error
            except Exception as error:
                raise ValueError(f"{name} fails on pixels {(count, *IMAGE_SHAPE)}: {_first_line(error)}") from error
            if logits.shape != (count, CLASSES):
                got = tuple(logits.shape)
                raise ValueError(f"{name} must give logits {(count, CLASSES)} for {count} images, got {got}")
            try:
                (gradient,) = torch.autograd.grad(logits.logsumexp(1).sum(), pixels)
            except RuntimeError as error:
                raise ValueError(f"{name} has no gradient by its pixels: {_first_line(error)}") from error
        if not (logits.isfinite().all() and gradient.isfinite().all()):
            raise ValueError(f"{name} gives values that are not finite: its logits or their gradients")
        if (logits >= 0).all() and torch.allclose(logits.sum(1), logits.new_ones(count), atol=1e-5):
            raise ValueError(f"{name} gives probabilities: leave its last softmax out, attacks need logits")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
