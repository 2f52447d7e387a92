"""What the page can do, for programs: `gradio_client`, `@gradio/client`, plain HTTP, and as tools of the Model Context
Protocol where `mcp` is installed. The docstrings are what all of them, and models, are told: of an argument Gradio
reads one line."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from inspect import Parameter, signature
from typing import Any, TypeVar

import gradio as gr
from gradio.context import get_blocks_context
from gradio.events import api
from gradio.utils import get_function_description

from advdemo.attacks import ATTACKS, Attack
from advdemo.measures.sweep import EPSILONS
from advdemo.ui import requests as r
from advdemo.ui.api import replies
from advdemo.ui.api.values import FLAGS, errors_told, plain, who
from advdemo.ui.handlers.sweep import run_sweep
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.pictures import bytes_as_png

Picture = str | list[list[float]]
Call = TypeVar("Call", bound=r.Request)


def add_api(service: Service) -> None:
    """Add the endpoints to the page under construction."""

    async def reply(
        handle: Callable[[Service, Visitor, Call], Awaitable[replies.Reply]],
        kind: type[Call],
        request: gr.Request,
        **given: Any,
    ) -> replies.Reply:
        with errors_told():
            service.limits.count(who(request))
            return await handle(service, who(request), r.parse(kind, plain(given), service.offered))

    async def predict(
        request: gr.Request,
        image: Picture | None = None,
        index: int | None = None,
        network: str = "standard",
        arrays: bool = False,
    ) -> dict[str, Any]:
        """Read one handwritten digit with a neural network. Give a picture or the number of a test image. A picture of
        28 x 28 pixels is taken as it is, or turned where it is dark on light; any other must show one digit. At most
        300 calls a second from one address.

        Args:
            image: a PNG or JPEG as a data URL (up to 400,000 characters), or 28 rows of 28 numbers from 0 to 1.
            index: instead of an image, the number of an MNIST test image, 0 to 9999.
            network: standard, robust, certified or binarised, or one that was added with `advdemo.show`.
            arrays: whether pictures come also as rows of numbers from 0 to 1, unrounded, under "arrays".

        Returns:
            prediction (0 to 9)
            confidence (0 to 1)
            probabilities of the ten digits
            image (what the network saw, a PNG data URL)
            notes (sentences: what is odd about the picture, such as a file that is cut off)
        """
        call = {"image": image, "index": index, "network": network, "arrays": arrays}
        return await reply(replies.predict_digit, r.PredictCall, request, **call)

    async def attack(
        request: gr.Request,
        image: Picture | None = None,
        index: int | None = None,
        epsilon: float = 0.2,
        attack: str = "fgsm",
        target: int | None = None,
        network: str = "standard",
        label: int | None = None,
        seed: int = 0,
        arrays: bool = False,
    ) -> dict[str, Any]:
        """Change one handwritten digit a little so that a neural network misclassifies it (an adversarial example).
        Give a picture or the number of a test image. A picture of 28 x 28 pixels is taken as it is, or turned where it
        is dark on light; any other must show one digit. At most 300 calls a second from one address.

        Args:
            image: a PNG or JPEG as a data URL (up to 400,000 characters), or 28 rows of 28 numbers from 0 to 1.
            index: instead of an image, the number of an MNIST test image, 0 to 9999.
            epsilon: how much each pixel may change, 0 to 1; 0.1 is 25.5 of 255 levels of grey.
            attack: the name of an attack, of those listed above.
            target: the digit to be predicted; without it any misclassification is a success.
            network: standard, robust, certified or binarised, or one that was added with `advdemo.show`.
            label: the true digit; without it MNIST's, or for an image of your own the network's clean prediction.
            seed: decides what is random in the attack.
            arrays: whether pictures come also as rows of numbers from 0 to 1, unrounded, under "arrays".

        Returns:
            fooled
            label and label_source
            target
            before and after (prediction, confidence)
            largest_change of a pixel
            original, perturbation and adversarial (PNG data URLs of 28 x 28 pixels)
            notes (sentences: what is odd about the picture, such as a file that is cut off)
        """
        call: dict[str, Any] = {"image": image, "index": index, "network": network, "label": label, "arrays": arrays}
        call |= {"epsilon": epsilon, "attack": attack, "target": target, "seed": seed}
        return await reply(replies.attack_digit, r.AttackCall, request, **call)

    async def scan(
        request: gr.Request,
        image: Picture | None = None,
        index: int | None = None,
        attack: str = "fgsm",
        target: int | None = None,
        network: str = "standard",
        label: int | None = None,
        seed: int = 0,
        arrays: bool = False,
    ) -> dict[str, Any]:
        """Find the smallest epsilon at which an attack makes a neural network misclassify one handwritten digit, trying
        101 values from 0 to 0.5. Give a picture or the number of a test image. A picture of 28 x 28 pixels is taken as
        it is, or turned where it is dark on light; any other must show one digit. At most 300 calls a second from one
        address.

        Args:
            image: a PNG or JPEG as a data URL (up to 400,000 characters), or 28 rows of 28 numbers from 0 to 1.
            index: instead of an image, the number of an MNIST test image, 0 to 9999.
            attack: the name of an attack, of those listed above.
            target: the digit to be predicted; without it any misclassification is a success.
            network: standard, robust, certified or binarised, or one that was added with `advdemo.show`.
            label: the true digit; without it MNIST's, or for an image of your own the network's clean prediction.
            seed: decides what is random in the attack.
            arrays: whether "arrays" holds the 101 epsilons, the probabilities of the ten digits at each, and the image.

        Returns:
            flip (the smallest epsilon that succeeds, to 0.0001; null: none up to 0.5)
            label and label_source
            target
            reads (from which epsilon on the network predicts what)
            fooling (the first of the 101 that succeeds: epsilon, prediction, confidence, image)
            original (PNG data URLs)
            notes (sentences: what is odd about the picture, such as a file that is cut off)
        """
        call: dict[str, Any] = {"image": image, "index": index, "network": network, "label": label, "arrays": arrays}
        call |= {"attack": attack, "target": target, "seed": seed}
        return await reply(replies.scan_epsilons, r.ScanCall, request, **call)

    async def sweep(
        request: gr.Request,
        count: int = len(service.images),
        epsilons: str = ", ".join(map(str, EPSILONS)),
        attack: str = "fgsm",
        network: str = "standard",
        examples: bool = False,
    ) -> AsyncIterator[dict[str, Any]]:
        """Measure a neural network's robust accuracy on handwritten digits under an attack. Partial results come as a
        stream, the last one is complete. Sweeps wait in a queue; one that would take longer than the server
        allows, five minutes unless it was changed, is refused. At most 300 calls a second from one address.

        Args:
            count: how many MNIST test images, from the first on, 1 to 10000.
            epsilons: up to 51 sizes of the attack, each 0 to 1, separated by commas.
            attack: the name of an attack, of those listed above; all but the quick ones need a small count.
            network: standard, robust, certified or binarised, or one that was added with `advdemo.show`.
            examples: whether up to ten adversarial examples for each epsilon come along.

        Returns:
            epsilons
            correct and accuracies at each of them
            per_class accuracies
            flips (counts of digit by what it is classified as)
            first_flips
            done of total images
            seconds
            device
            examples (index, before, after, image)
        """
        given = {"images": count, "epsilons": epsilons, "attack": attack, "network": network}
        with errors_told():
            service.limits.count(who(request))
            examples = FLAGS.get(str(examples).lower(), False)
            call = r.parse(r.SweepRequest, plain(given), service.offered)
            await service.streams.wait_for(request.session_hash or "")
            found: list[list[dict[str, Any]]] = []
            async for message in run_sweep(service, who(request), call):
                result = message.get("result", message)
                found = result.pop("examples", found)
                drawn = [[one | {"image": bytes_as_png(one["image"])} for one in row] for row in found]
                yield result | {"examples": drawn} if examples else result

    async def generate(
        request: gr.Request, digit: int, seed: int = 0, count: int = 1, arrays: bool = False
    ) -> dict[str, Any]:
        """Draw handwritten digits that nobody wrote, with the generator of a generative adversarial network. At most
        300 calls a second from one address.

        Args:
            digit: which digit to draw, 0 to 9.
            seed: the same seed gives the same digits.
            count: how many, 1 to 25.
            arrays: whether pictures come also as rows of numbers from 0 to 1, unrounded, under "arrays".

        Returns:
            digit
            images (PNG data URLs of 28 x 28 pixels)
            realness (0 to 1, how likely real the discriminator rates each)
            predictions (of the standard network)
        """
        call = {"digit": digit, "seed": seed, "count": count, "arrays": arrays}
        return await reply(replies.generate_digits, r.GenerateCall, request, **call)

    async def certify(
        request: gr.Request,
        image: Picture | None = None,
        index: int | None = None,
        network: str = "certified",
        label: int | None = None,
        arrays: bool = False,
    ) -> dict[str, Any]:
        """Certify up to which epsilon no attack at all can make a neural network misclassify one handwritten digit, by
        bounds that know LeNet's layers alone. Give a picture or the number of a test image. A picture of 28 x 28 pixels
        is taken as it is, or turned where it is dark on light; any other must show one digit. At most 300 calls a
        second from one address.

        Args:
            image: a PNG or JPEG as a data URL (up to 400,000 characters), or 28 rows of 28 numbers from 0 to 1.
            index: instead of an image, the number of an MNIST test image, 0 to 9999.
            network: standard, robust, certified or binarised, or a LeNet that was added with `advdemo.show`.
            label: the true digit; without it MNIST's, or for an image of your own the network's clean prediction.
            arrays: whether pictures come also as rows of numbers from 0 to 1, unrounded, under "arrays".

        Returns:
            proved (certified up to this epsilon; 0 where the digit is misclassified or nothing can be proved)
            broken (the epsilon from which FGSM succeeds, or null; between the two these bounds and FGSM do not decide)
            label and label_source
            prediction and confidence
            image
            notes (sentences: what is odd about the picture, such as a file that is cut off)
        """
        call = {"image": image, "index": index, "network": network, "label": label, "arrays": arrays}
        return await reply(replies.certify_digit, r.PredictCall, request, **call)

    every = [ATTACKS[name] for name in service.offered.attacks]
    scannable = [row for row in every if row.scannable]
    endpoints: dict[Callable[..., Any], Iterable[Attack]] = {
        predict: [],
        attack: every,
        scan: scannable,
        sweep: every,
        generate: [],
        certify: [],
    }
    for function, attacks in endpoints.items():
        description = _describe(function, attacks)
        endpoint = api(function, api_name=function.__name__, api_description=description, concurrency_limit=None)
        _document(function, endpoint)
        parameters = list(signature(function).parameters.values())[1:]  # without the request
        service.endpoints[function.__name__] = {one.name: one.default is Parameter.empty for one in parameters}


def _describe(function: Callable[..., Any], attacks: Iterable[Attack]) -> str:
    """What the docstring says, and the rows of the table of attacks."""
    description, _, returns = get_function_description(function)
    rows = [f"{row.name}{' (quick)' * row.quick} {row.told}" for row in attacks]
    listed = f" Attacks: {'; '.join(rows)}." if rows else ""
    return f"{description}{listed} Returns: {', '.join(returns)}."


def _document(function: Callable[..., Any], endpoint: Any) -> None:
    """Have Gradio's own page say of each argument what the docstring says."""
    _, told, _ = get_function_description(function)
    del told["request"]
    page = get_blocks_context()
    assert page is not None
    for text, component in zip(told.values(), endpoint["inputs"], strict=True):
        argument: Any = page.blocks[component]
        argument.api_info = partial(dict, argument.api_info(), additional_description=text)
