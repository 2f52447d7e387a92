"""The Explore tab: one digit, its perturbation at every epsilon, what a network makes of it; or two such, side by side.

The browser holds all state. It asks once for each digit, label, attack or network and gets whole scans; moving the
slider asks nothing.
"""

import base64
import io
from collections import OrderedDict
from collections.abc import Callable, Iterator

import gradio as gr
import numpy as np
from PIL import Image
from torch import Tensor

from advdemo.attacks import find_attack
from advdemo.images.drawing import to_mnist
from advdemo.images.picture import read_picture
from advdemo.measures.scan import scan
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import predict
from advdemo.ui.component import attack_rows, component
from advdemo.ui.models import Models
from advdemo.ui.replies import replies

BOARD_COLUMNS = 35  # of the sprite: a row for each class, then the hardest digits
MAX_DRAWING = 400_000  # characters of a data URL; the pad's own are under 40,000
START = {"index": 63}
START_EPSILON = 0.2
VISITORS = 1000  # whose newest question is remembered


def explore_tab(models: Models, images: Tensor, labels: Tensor) -> None:
    """Build the tab. Images float32 (N, 1, 28, 28) and labels int64 (N,) are the digits to pick from."""

    newest = Newest()
    explore = component(
        "explore",
        next(answer(models, images, labels, None, START)),
        events=("digit",),
        board=make_board(models.shipped["standard"], images, labels),
        networks=list(models.shipped),
        attacks=attack_rows(),
        start=START_EPSILON,
    )

    def on_digit(event: gr.EventData, request: gr.Request) -> dict:
        superseded = newest.announce(request.session_hash, event._data)
        return next(answer(models, images, labels, superseded, event._data))

    explore.digit(
        on_digit,
        outputs=explore,
        show_progress="hidden",
        trigger_mode="multiple",  # "always_last" sends an older question again in place of the last
        concurrency_limit=4,
        api_visibility="private",
    )


class SupersededError(ValueError):
    """The visitor has asked something newer meanwhile."""


class Newest:
    """The number of each visitor's newest question: work on an older one can stop. Forgetting it costs only time."""

    def __init__(self) -> None:
        self._numbers: OrderedDict[str, int] = OrderedDict()

    def announce(self, visitor: str | None, question: object) -> Callable[[], bool]:
        """Note a question; the function returned tells whether a newer one has come since."""
        number = question.get("number") if isinstance(question, dict) else None
        if visitor is None or not isinstance(number, int):
            return lambda: False
        self._numbers[visitor] = max(number, self._numbers.pop(visitor, 0))
        while len(self._numbers) > VISITORS:
            self._numbers.popitem(last=False)
        return lambda: self._numbers.get(visitor, number) > number


def interruptible(model: LeNet, superseded: Callable[[], bool] | None) -> Callable[[Tensor], Tensor]:
    """`model` as a function that raises SupersededError once nobody waits for it: PGD runs it a hundred times."""

    def run(images: Tensor) -> Tensor:
        if superseded is not None and superseded():
            raise SupersededError("A newer question has come.")
        return model(images)

    return run


@replies
def answer(
    models: Models, images: Tensor, labels: Tensor, superseded: Callable[[], bool] | None, question: dict
) -> Iterator[dict]:
    """The scans of the digit asked for, as the page draws them.

    question: {"number": int, "label": 0..9 or None, "sides": one or two of {"model": as in `Models.pick`, "attack": one
    of ATTACKS, "target": 0..9 or None}} with "index" (a test image) or "drawing" (a PNG data URL), and with "weights"
    when a model is the visitor's own. A target that the network reads already is `taken`: there is nothing to attack.
    """
    sides = question.get("sides", [{}])
    if not isinstance(sides, list) or not 1 <= len(sides) <= 2 or not all(isinstance(side, dict) for side in sides):
        raise ValueError("Ask for one or two attacks.")
    networks = [models.pick(side.get("model"), question.get("weights")) for side in sides]
    label = check_digit(question.get("label"), "The true label")
    device = next(networks[0].parameters()).device
    index = None
    if "drawing" in question:
        image = to_mnist(decode_drawing(question["drawing"])).to(device)
        source, truth = "prediction", int(predict(networks[0], image[None]).argmax())
    else:
        index = check_index(question.get("index"), len(images))
        image = images[index].to(device)
        source, truth = "mnist", int(labels[index])
    if label is not None:
        source, truth = "chosen", label
    drawn = []
    for side, network in zip(sides, networks, strict=True):
        attack, target = side.get("attack", "fgsm"), check_digit(side.get("target"), "The target")
        find_attack(attack)
        taken = target is not None and target == int(predict(network, image[None]).argmax())
        targeted = target is not None and not taken
        aim = target if targeted else truth
        result = scan(interruptible(network, superseded), image, aim, targeted=targeted, attack=attack)
        drawn.append(
            {
                "target": None if taken else target,
                "taken": taken,
                "flip": result.flip_epsilon,
                "sign": None if result.sign is None else _text(result.sign),
                "frames": _text(result.images) if result.sign is None else None,
                "zero": not (result.images != result.images[0]).any(),
                "probabilities": _text(result.probabilities),
            }
        )
    yield {
        "index": index,
        "label": truth,
        "label_source": source,
        "image": _text(result.images[0]),
        "sides": drawn,
    }


def check_digit(digit: object, name: str) -> int | None:
    """`digit` when it is 0..9 or None, else ValueError."""
    if digit is not None and (not isinstance(digit, int) or isinstance(digit, bool) or not 0 <= digit <= 9):
        raise ValueError(f"{name} must be a digit from 0 to 9, not {str(digit)[:20]!r}.")
    return digit


def check_index(index: object, count: int) -> int:
    """`index` when it is the place of one of `count` images, else ValueError."""
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
        raise ValueError(f"There is no test image {str(index)[:20]!r}: choose one from 0 to {count - 1}.")
    return index


def decode_drawing(url: object) -> np.ndarray:
    """The pixels of a PNG data URL, uint8 (H, W), (H, W, 3) or (H, W, 4); ValueError for anything else."""
    prefix = "data:image/png;base64,"
    if not isinstance(url, str) or not url.startswith(prefix):
        raise ValueError("The drawing did not arrive as a PNG picture: please draw it again.")
    if len(url) > MAX_DRAWING:
        raise ValueError(
            f"The drawing is too large ({len(url)} characters, at most {MAX_DRAWING}): draw a smaller one."
        )
    try:
        content = base64.b64decode(url[len(prefix) :], validate=True)
    except ValueError:
        raise ValueError("The drawing arrived damaged: please draw it again.") from None
    return read_picture(io.BytesIO(content), name="the drawing", max_megapixels=4)


def make_board(model: LeNet, images: Tensor, labels: Tensor) -> dict:
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
        "sprite": f"data:image/webp;base64,{_text(file.getvalue())}",
        "columns": BOARD_COLUMNS,
        "digits": ",".join(f"{index}:{int(labels[index])}:{group}" for index, group in digits),
        "total": len(images),
    }


def _text(content: bytes | np.ndarray) -> str:
    return base64.b64encode(content if isinstance(content, bytes) else content.tobytes()).decode()
