"""The same answers as the page's, for programs: `gradio_client` or plain HTTP, listed under "Use via API"."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
from torch import Tensor

from advdemo.sweep import EPSILONS
from advdemo.ui.explore import answer
from advdemo.ui.models import Models
from advdemo.ui.sweep import run_sweep


def add_api(models: Models, images: Tensor, labels: Tensor) -> None:
    """Add the endpoints /scan_test_image, /scan_drawing and /sweep to the page under construction."""

    def scan_test_image(index: int, label: int | None = None) -> dict[str, Any]:
        """FGSM on one MNIST test image at 101 epsilons, 0 to 0.5. `label` replaces the true one. `image` (uint8),
        `sign` (int8), 28 x 28 each, and `probabilities` (float32, 101 x 10) are base64; `flip` is the smallest epsilon
        that fools the network, or null."""
        return _or_error(next(answer(models, images, labels, {"index": index, "label": label})))

    def scan_drawing(drawing: str, label: int | None = None) -> dict[str, Any]:
        """The same for a drawing, given as a PNG data URL. Without a `label` it is the network's own reading."""
        return _or_error(next(answer(models, images, labels, {"drawing": drawing, "label": label})))

    def sweep(count: int = len(images), epsilons: str = ", ".join(map(str, EPSILONS))) -> Iterator[dict[str, Any]]:
        """FGSM on the first `count` test images at each of `epsilons`, separated by commas; partial results come as a
        stream, the last one is complete."""
        for update in run_sweep(models, images, labels, {"images": count, "epsilons": epsilons}):
            yield json.loads(_or_error(update)["result"])

    def add(function: Callable, **limits: Any) -> None:
        gr.api(function, api_name=function.__name__, **limits)

    add(scan_test_image, concurrency_limit=4)
    add(scan_drawing, concurrency_limit=4)
    add(sweep, concurrency_limit=1, concurrency_id="sweep")


def _or_error(reply: dict) -> dict:
    if reply.get("error"):
        raise gr.Error(reply["error"], print_exception=False)
    return {key: value for key, value in reply.items() if key not in ("error", "number")}
