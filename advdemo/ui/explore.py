"""The Explore tab: one digit, its FGSM perturbation at every epsilon, and what the network makes of it.

The browser holds all state. It asks once for each digit or label and gets a whole scan; moving the slider asks nothing.
"""

import base64
import io
from collections.abc import Iterator

import gradio as gr
import numpy as np
from PIL import Image
from torch import Tensor

from advdemo.drawing import to_mnist
from advdemo.model import LeNet, predict
from advdemo.picture import read_picture
from advdemo.scan import scan
from advdemo.ui.component import Component
from advdemo.ui.models import Models
from advdemo.ui.replies import replies

BOARD_COLUMNS = 35  # of the sprite: a row for each class, then the hardest digits
MAX_DRAWING = 400_000  # characters of a data URL; the pad's own are under 40,000
START_INDEX, START_EPSILON = 63, 0.2


class Explore(Component):
    """Value: what `answer` returns. Props: `board` (see board.js), `start` (epsilon at first). Event: `digit`."""

    def __init__(self, value: dict, *, board: dict, start: float) -> None:
        super().__init__(
            value,
            template="explore",
            scripts=["chosen.js", "pad.js", "board.js", "charts.js", "explore.js"],
            board=board,
            start=start,
            elem_id="explore",
        )
        self.board, self.start = board, start


def explore_tab(models: Models, images: Tensor, labels: Tensor) -> None:
    """Build the tab. Images float32 (N, 1, 28, 28) and labels int64 (N,) are the digits to pick from."""

    def respond(question: object) -> dict:
        return next(answer(models, images, labels, question))

    explore = Explore(
        respond({"index": START_INDEX}),
        board=make_board(models.shipped, images, labels),
        start=START_EPSILON,
    )

    def on_digit(event: gr.EventData) -> dict:
        return respond(event._data)

    explore.digit(
        on_digit,
        outputs=explore,
        show_progress="hidden",
        trigger_mode="multiple",  # "always_last" sends an older question again in place of the last
        concurrency_limit=4,
        api_visibility="private",
    )


@replies
def answer(models: Models, images: Tensor, labels: Tensor, question: dict) -> Iterator[dict]:
    """The scan of the digit asked for, as the page draws it.

    question: {"number": int, "label": 0..9 or None} with "index" (a test image) or "drawing" (a PNG data URL), and
    for a visitor's own model what `Models.pick` reads.
    """
    model = models.pick(question)
    label = question.get("label")
    if label is not None and (not isinstance(label, int) or isinstance(label, bool) or not 0 <= label <= 9):
        raise ValueError(f"The true label must be a digit from 0 to 9, not {str(label)[:20]!r}.")
    device = next(model.parameters()).device
    index = None
    if "drawing" in question:
        image = to_mnist(decode_drawing(question["drawing"])).to(device)
        source, truth = "prediction", int(predict(model, image[None]).argmax())
    else:
        index = check_index(question.get("index"), len(images))
        image = images[index].to(device)
        source, truth = "mnist", int(labels[index])
    if label is not None:
        source, truth = "chosen", label
    result = scan(model, image, truth)
    yield {
        "index": index,
        "label": truth,
        "label_source": source,
        "flip": result.flip_epsilon,
        "zero": not result.sign.any(),
        "image": _text(result.images[0]),
        "sign": _text(result.sign),
        "probabilities": _text(result.probabilities),
    }


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
