"""The Explore tab: one digit, its perturbation at every epsilon, what a network makes of it; or two such, side by side.

The browser holds all state. It asks once for each digit, label, attack or network and gets whole scans; moving the
slider asks nothing.
"""

import base64
import io
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from advdemo.attacks import Attack, Settings
from advdemo.images.drawing import to_mnist
from advdemo.images.picture import read_picture
from advdemo.measures.scan import scan
from advdemo.networks.predict import predict
from advdemo.ui.api_values import as_text
from advdemo.ui.component import attack_rows, component
from advdemo.ui.forger import EDGE, Pairs, parse_order
from advdemo.ui.lanes import Superseded
from advdemo.ui.models import Models
from advdemo.ui.questions import check_digit, check_index, check_sides, find_attack
from advdemo.ui.replies import RefusalError, SupersededError, refusing
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor

BOARD_COLUMNS = 35  # of the sprite: a row for each class, then the hardest digits
MAX_DRAWING = 400_000  # characters of a data URL; the pad's own are under 40,000
START = {"index": 63}
START_EPSILON = 0.2


def explore_tab(service: Service) -> None:
    """Build the tab over the test images."""
    models, images, labels = service.models, service.images, service.labels
    component(
        "explore",
        as_text(answer(models, images, labels, START)),
        board=make_board(models.shipped["standard"], images, labels),
        networks=list(models.shipped),
        attacks=attack_rows(),
        start=START_EPSILON,
        generates="shipped" in service.pairs.shipped,
        edge=EDGE,
    )


def interruptible(model: Any, superseded: Superseded) -> Any:
    """`model` as a function that raises SupersededError once nobody waits for it: PGD runs it a hundred times."""

    def run(images: Tensor) -> Tensor:
        if superseded():
            raise SupersededError("errors.superseded")
        return model(images)

    if hasattr(model, "straight_through"):
        vars(run)["straight_through"] = interruptible(model.straight_through, superseded)
    return run


async def scan_digit(service: Service, visitor: Visitor, question: dict) -> dict:
    """`answer` in the lane for its attacks."""
    lane = service.light if all(row.quick for row, _ in attacks_of(question)) else service.slow
    work = partial(answer, service.models, service.images, service.labels, question, pairs=service.pairs)
    return await lane.run(visitor, "scan", work)


def attacks_of(question: dict) -> list[tuple[Attack, Settings]]:
    """The rows of the attacks asked for, and their settings."""
    return [find_attack(side.get("attack", "fgsm")) for side in check_sides(question)]


def answer(
    models: Models,
    images: Tensor,
    labels: Tensor,
    question: dict,
    superseded: Superseded = lambda: False,
    *,
    pairs: Pairs | None = None,
) -> dict:
    """The scans of the digit asked for, as the page draws them.

    question: {"label": 0..9 or None, "sides": one or two of {"model": as in `Models.pick`, "attack": one of ATTACKS,
    "target": 0..9 or None}} with "index" (a test image), "drawing" (a PNG data URL), "pixels" (784 uint8 in base64, as
    they are) or "generated" (as in `parse_order`), and with "weights" when a model is the visitor's own.

    Returns {"index", "label", "label_source", "realness": 0..1 where generated, "image": uint8 (28, 28), "sides"}, each
    side {"target", "taken", "flip", "sign": int8 (28, 28) or None, "frames": uint8 (101, 28, 28) where there is no one
    sign, "zero", "probabilities": float32 (101, 10)}. A target that the network reads already is `taken`: there is
    nothing to attack.
    """
    attacks = attacks_of(question)
    sides = question.get("sides", [{}])
    networks = [models.pick(side.get("model"), question.get("weights")) for side in sides]
    digit = read_digit(models, images, labels, question, networks[0], pairs)
    drawn = []
    for side, network, (_, attack) in zip(sides, networks, attacks, strict=True):
        aim, targeted, taken = find_aim(network, digit, side)
        result = scan(interruptible(network, superseded), digit.image, aim, targeted=targeted, attack=attack)
        drawn.append(
            {
                "target": aim if targeted else None,
                "taken": taken,
                "flip": result.flip_epsilon,
                "sign": result.sign,
                "frames": result.images if result.sign is None else None,
                "zero": not (result.images != result.images[0]).any(),
                "probabilities": result.probabilities,
            }
        )
    known = {"index": digit.index, "label": digit.label, "label_source": digit.source, "realness": digit.realness}
    return known | {"image": result.images[0], "sides": drawn}


@dataclass(frozen=True)
class Digit:
    """What a question is about."""

    image: Tensor  # float32 (1, 28, 28) in [0, 1], on the models' device
    label: int
    source: str  # of the label: "mnist", "asked" (of the generator), "prediction" or "chosen"
    index: int | None = None  # among the test images
    realness: float | None = None  # 0..1, in the discriminator's opinion


def read_digit(
    models: Models, images: Tensor, labels: Tensor, question: dict, network: nn.Module, pairs: Pairs | None = None
) -> Digit:
    """The digit of a question as `answer` takes it; a drawing's label is what `network` reads."""
    label = check_digit(question.get("label"), "errors.bad_label")
    if "generated" in question:
        order = parse_order(question["generated"])
        image, realness = (pairs or Pairs({})).pick(question).draw(order)
        digit = Digit(image.to(models.device), order.digit, "asked", realness=realness)
    elif "drawing" in question or "pixels" in question:
        drawn = centre(question["drawing"]) if "drawing" in question else decode_pixels(question["pixels"])
        image = drawn.to(models.device)
        digit = Digit(image, int(predict(network, image[None]).argmax()), "prediction")
    else:
        index = check_index(question.get("index"), len(images))
        digit = Digit(images[index].to(models.device), int(labels[index]), "mnist", index)
    return digit if label is None else replace(digit, label=label, source="chosen")


def find_aim(network: nn.Module, digit: Digit, side: dict) -> tuple[int, bool, bool]:
    """(the class that the attack of a side is about, whether it is to be reached, whether the target was `taken`)."""
    target = check_digit(side.get("target"), "errors.bad_target")
    taken = target is not None and target == int(predict(network, digit.image[None]).argmax())
    return (digit.label, False, taken) if target is None or taken else (target, True, False)


def decode_pixels(text: object) -> Tensor:
    """A digit as a link holds it, already in MNIST's form: float32 (1, 28, 28) of 784 uint8 in base64."""
    with refusing("share.bad_pixels"):
        content = base64.b64decode(text if isinstance(text, str) else "", validate=True)
        pixels = torch.from_numpy(np.frombuffer(content, np.uint8).reshape(1, 28, 28).astype(np.float32))
    return pixels / 255


def centre(url: object) -> Tensor:
    """A drawing in MNIST's form, float32 (1, 28, 28)."""
    pixels = decode_drawing(url)
    with refusing("errors.drawing_damaged"):
        return to_mnist(pixels)


def decode_drawing(url: object) -> np.ndarray:
    """The pixels of a PNG data URL, uint8 (H, W, 4); RefusalError for anything else."""
    prefix = "data:image/png;base64,"
    if not isinstance(url, str) or not url.startswith(prefix):
        raise RefusalError("errors.drawing_not_png")
    if len(url) > MAX_DRAWING:
        raise RefusalError("errors.drawing_too_large", length=len(url), most=MAX_DRAWING)
    with refusing("errors.drawing_damaged"):
        content = base64.b64decode(url[len(prefix) :], validate=True)
        return read_picture(io.BytesIO(content), name="the drawing", formats=("PNG",), max_megapixels=4)


def make_board(model: nn.Module, images: Tensor, labels: Tensor) -> dict:
    """The sprite of digits to pick from: the first BOARD_COLUMNS of each class, then those of the whole set in whose
    label the model has the least confidence."""
    digits = [
        (int(index), str(digit)) for digit in range(10) for index in (labels == digit).nonzero()[:BOARD_COLUMNS, 0]
    ]
    device = next(model.parameters()).device
    confidence = np.concatenate(
        [
            predict(model, batch.to(device)).gather(1, truth.to(device)[:, None])[:, 0].cpu().numpy()
            for batch, truth in zip(images.split(500), labels.split(500), strict=True)
        ]
    )
    digits += [(int(index), "hardest") for index in confidence.argsort(kind="stable")[:BOARD_COLUMNS]]
    rows = -(-len(digits) // BOARD_COLUMNS)
    sprite = np.zeros((rows * 28, BOARD_COLUMNS * 28), dtype=np.uint8)
    for place, (index, _) in enumerate(digits):
        row, column = divmod(place, BOARD_COLUMNS)
        sprite[row * 28 : row * 28 + 28, column * 28 : column * 28 + 28] = (images[index, 0] * 255).round().numpy()
    file = io.BytesIO()
    Image.fromarray(sprite).save(file, "WEBP", lossless=True)
    return {
        "sprite": f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}",
        "columns": BOARD_COLUMNS,
        "digits": ",".join(f"{index}:{int(labels[index])}:{group}" for index, group in digits),
        "total": len(images),
    }
