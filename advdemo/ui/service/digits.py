"""The digit that a request is about, and what an attack is to make of it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from advdemo.networks.predict import predict
from advdemo.ui.fields import SIDE
from advdemo.ui.requests import PredictCall, ScanRequest
from advdemo.ui.service import Service
from advdemo.ui.service.pictures import parse_picture
from advdemo.ui.work.threads import Check


@dataclass(frozen=True)
class Digit:
    """What a request is about."""

    image: Tensor  # float32 (1, 28, 28) in [0, 1], on the networks' device
    label: int
    source: str  # of the label: "mnist", "asked" (of the generator), "prediction" or "chosen"
    index: int | None = None  # among the test images
    realness: float | None = None  # 0..1, in the discriminator's opinion
    cut: bool = False  # the end of its picture's file is missing


def read_digit(service: Service, request: ScanRequest | PredictCall, network: nn.Module) -> Digit:
    """The digit of a request; a drawing's or picture's label is what `network` reads."""
    digit = _read(service, request, network)
    return digit if request.label is None else replace(digit, label=request.label, source="chosen")


def _read(service: Service, request: ScanRequest | PredictCall, network: nn.Module) -> Digit:
    device = service.networks.device
    if request.index is not None:
        index = request.index
        return Digit(service.images[index].to(device), int(service.labels[index]), "mnist", index)
    if isinstance(request, ScanRequest) and request.generated is not None:
        image, realness = service.pairs.pick(request).draw(request.generated)
        return Digit(image.to(device), request.generated.digit, "asked", realness=realness)
    image, cut = _drawn(request)
    image = image.to(device)
    return Digit(image, int(predict(network, image[None]).argmax()), "prediction", cut=cut)


def _drawn(request: ScanRequest | PredictCall) -> tuple[Tensor, bool]:
    if isinstance(request, PredictCall):
        assert request.image is not None
        return parse_picture(request.image)
    assert request.pixels is not None
    pixels = torch.from_numpy(np.frombuffer(request.pixels, np.uint8).astype(np.float32))
    return torch.div(pixels.view(1, SIDE, SIDE), 255), False


def find_aim(network: nn.Module, digit: Digit, target: int | None) -> tuple[int, bool, bool]:
    """(The class that an attack is about, whether it is to be reached, whether the network reads it already: then there
    is nothing to reach)."""
    taken = target is not None and target == int(predict(network, digit.image[None]).argmax())
    return (digit.label, False, taken) if target is None or taken else (target, True, False)


class Watched(nn.Module):
    """`network`, which calls `check` each time before it computes, as attacks have it do at each of their steps."""

    def __init__(self, network: Any, check: Check) -> None:
        super().__init__()
        self.network, self.check = network, check
        if hasattr(network, "straight_through"):
            self.straight_through = Watched(network.straight_through, check)

    def forward(self, images: Tensor) -> Tensor:
        self.check()
        logits: Tensor = self.network(images)
        return logits
