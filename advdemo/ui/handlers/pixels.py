"""Few pixels in Explore: how many of a digit's must be flipped, at will, for another prediction."""

from typing import Any

from advdemo.attacks import few_pixels
from advdemo.images.greys import as_bytes
from advdemo.networks.predict import classify
from advdemo.ui.requests import ScanRequest
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.digits import Watched, read_digit
from advdemo.ui.work.threads import Check


async def flip_pixels(service: Service, visitor: Visitor, request: ScanRequest) -> dict[str, Any]:
    """For the digit and the network of the first side: {"count": pixels flipped, "fooled", "reads": what the network
    then reads, "image": uint8 (28, 28)}."""

    def work(check: Check) -> dict[str, Any]:
        network = service.networks.pick(request.sides[0].network, request.weights)
        digit = read_digit(service, request, network)
        flipped, count = few_pixels(Watched(network, check), digit.image, digit.label)
        return {
            "count": int((flipped != digit.image).sum()) if count is None else count,
            "fooled": count is not None,
            "reads": int(classify(network, flipped[None])[0]),
            "image": as_bytes(flipped[0]),
        }

    return await service.slow.run(visitor, "pixels", work)
