"""The same answers as the page's, for programs: `gradio_client` or plain HTTP, listed under "Use via API"."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
from torch import Tensor

from advdemo.measures.sweep import EPSILONS
from advdemo.ui.explore import answer
from advdemo.ui.line import VISITORS_WAITING, Line
from advdemo.ui.models import Models
from advdemo.ui.sweep import run_sweep


def add_api(models: Models, line: Line, images: Tensor, labels: Tensor) -> None:
    """Add the endpoints /scan_test_image, /scan_drawing and /sweep to the page under construction."""

    def scan(digit: dict, label: int | None, attack: str, target: int | None, network: str) -> dict[str, Any]:
        side = {"model": network, "attack": attack, "target": target}
        reply = _or_error(next(answer(models, images, labels, None, digit | {"label": label, "sides": [side]})))
        (scanned,) = reply.pop("sides")
        if scanned.pop("taken"):
            raise gr.Error(f"The network already reads this digit as {target}.", print_exception=False)
        return reply | scanned

    def scan_test_image(
        index: int, label: int | None = None, attack: str = "fgsm", target: int | None = None, network: str = "standard"
    ) -> dict[str, Any]:
        """An attack (fgsm, pgd or noise) on one MNIST test image at 101 epsilons, 0 to 0.5. `label` replaces the true
        one; `target` is the class to reach; `network` is standard or robust. `image` (uint8), `sign` (int8), 28 x 28
        each, `frames` (uint8, 101 x 28 x 28; in place of the sign for pgd) and `probabilities` (float32, 101 x 10) are
        base64; `flip` is the smallest epsilon that succeeds, or null."""
        return scan({"index": index}, label, attack, target, network)

    def scan_drawing(
        drawing: str,
        label: int | None = None,
        attack: str = "fgsm",
        target: int | None = None,
        network: str = "standard",
    ) -> dict[str, Any]:
        """The same for a drawing, given as a PNG data URL. Without a `label` it is the network's own reading."""
        return scan({"drawing": drawing}, label, attack, target, network)

    def sweep(
        count: int = len(images),
        epsilons: str = ", ".join(map(str, EPSILONS)),
        attack: str = "fgsm",
        network: str = "standard",
    ) -> Iterator[dict[str, Any]]:
        """An attack on the first `count` test images at each of `epsilons`, separated by commas. Partial results
        come as a stream, the last one is complete."""
        question = {"images": count, "epsilons": epsilons, "attack": attack, "model": network}
        for update in run_sweep(models, line, images, labels, question):
            reply = _or_error(update)
            yield json.loads(reply["result"]) if "result" in reply else reply

    def add(function: Callable, **limits: Any) -> None:
        gr.api(function, api_name=function.__name__, **limits)

    add(scan_test_image, concurrency_limit=4)
    add(scan_drawing, concurrency_limit=4)
    add(sweep, concurrency_limit=VISITORS_WAITING)


def _or_error(reply: dict) -> dict:
    if reply.get("error"):
        raise gr.Error(reply["error"], print_exception=False)
    return {key: value for key, value in reply.items() if key not in ("error", "number")}
