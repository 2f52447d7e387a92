"""The first two endpoints for programs, of before /scan: whoever has used them still can."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from advdemo.ui.api_values import as_text, errors_told, who
from advdemo.ui.explore import scan_digit
from advdemo.ui.replies import RefusalError
from advdemo.ui.service import Service


def make_old(service: Service) -> list[Callable]:
    """The endpoints /scan_test_image and /scan_drawing."""

    async def scan(digit: dict, side: dict, request: gr.Request) -> dict[str, Any]:
        with errors_told():
            service.limits.count(who(request))
            reply = await scan_digit(service, who(request), digit | {"sides": [side]})
            (scanned,) = reply.pop("sides")
            if scanned.pop("taken"):
                raise RefusalError("errors.taken", target=side["target"])
        return as_text(reply | scanned)

    async def scan_test_image(
        request: gr.Request,
        index: int,
        label: int | None = None,
        attack: str = "fgsm",
        target: int | None = None,
        network: str = "standard",
    ) -> dict[str, Any]:
        """Before /scan: an attack (any but square) on one MNIST test image at 101 epsilons, 0 to 0.5. `label` replaces
        the true one; `target` is the class to reach. `image` (uint8), `sign` (int8), 28 x 28 each, `frames` (uint8, 101
        x 28 x 28; in place of the sign where it is not one) and `probabilities` (float32, 101 x 10) are base64; `flip`
        is the smallest epsilon that succeeds, or null."""
        side = {"model": network, "attack": attack, "target": target}
        return await scan({"index": index, "label": label}, side, request)

    async def scan_drawing(
        request: gr.Request,
        drawing: str,
        label: int | None = None,
        attack: str = "fgsm",
        target: int | None = None,
        network: str = "standard",
    ) -> dict[str, Any]:
        """The same for a drawing, given as a PNG data URL. Without a `label` it is the network's own reading."""
        side = {"model": network, "attack": attack, "target": target}
        return await scan({"drawing": drawing, "label": label}, side, request)

    return [scan_test_image, scan_drawing]
