"""The same answers as the page's, for programs: `gradio_client` or plain HTTP, listed under "Use via API"."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from advdemo.measures.sweep import EPSILONS
from advdemo.ui.api_values import as_text, who
from advdemo.ui.explore import scan_digit
from advdemo.ui.replies import RefusalError, as_error
from advdemo.ui.service import Service
from advdemo.ui.sweep import run_sweep
from advdemo.ui.words import say


def add_api(service: Service) -> None:
    """Add the endpoints /scan_test_image, /scan_drawing and /sweep to the page under construction."""

    async def scan(digit: dict, side: dict, request: gr.Request) -> dict[str, Any]:
        with _errors():
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
        """An attack (any but square) on one MNIST test image at 101 epsilons, 0 to 0.5. `label` replaces the true one;
        `target` is the class to reach; `network` is standard or robust. `image` (uint8), `sign` (int8), 28 x 28 each,
        `frames` (uint8, 101 x 28 x 28; in place of the sign where it is not one) and `probabilities` (float32,
        101 x 10) are base64; `flip` is the smallest epsilon that succeeds, or null."""
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

    async def sweep(
        request: gr.Request,
        count: int = len(service.images),
        epsilons: str = ", ".join(map(str, EPSILONS)),
        attack: str = "fgsm",
        network: str = "standard",
    ) -> AsyncIterator[dict[str, Any]]:
        """An attack on the first `count` test images at each of `epsilons`, separated by commas. Partial results
        come as a stream, the last one is complete."""
        question = {"images": count, "epsilons": epsilons, "attack": attack, "model": network}
        with _errors():
            service.limits.count(who(request))
            await service.streams.wait_for(request.session_hash or "")
            async for message in run_sweep(service, who(request), question):
                yield message.get("result", message)

    for function in (scan_test_image, scan_drawing, sweep):
        gr.api(function, api_name=function.__name__, concurrency_limit=None)


@contextmanager
def _errors() -> Iterator[None]:
    """Errors as Gradio shows them to programs: a sentence, in English."""
    try:
        yield
    except Exception as error:
        told = as_error(error)
        raise gr.Error(say(told["key"], **told["values"]), print_exception=False) from None
