"""Few pixels on the Explore tab: how many of a digit's must be turned over, at will, for another answer."""

from functools import partial

from advdemo.attacks import few_pixels
from advdemo.images.picture import as_bytes
from advdemo.networks.predict import classify
from advdemo.ui.explore import interruptible, read_digit
from advdemo.ui.lanes import Superseded
from advdemo.ui.questions import check_sides
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor


async def turn_pixels(service: Service, visitor: Visitor, question: dict) -> dict:
    """For the digit and the network of the first side of a question as the Explore tab asks it: {"count": pixels turned
    over, "fooled", "reads": what the network then reads, "image": uint8 (28, 28)}."""
    return await service.slow.run(visitor, "pixels", partial(_turn, service, question))


def _turn(service: Service, question: dict, superseded: Superseded) -> dict:
    network = service.models.pick(check_sides(question)[0].get("model"), question.get("weights"))
    digit = read_digit(service.models, service.images, service.labels, question, network, service.pairs)
    turned, count = few_pixels(interruptible(network, superseded), digit.image, digit.label)
    return {
        "count": int((turned != digit.image).sum()) if count is None else count,
        "fooled": count is not None,
        "reads": int(classify(network, turned[None])[0]),
        "image": as_bytes(turned[0]),
    }
