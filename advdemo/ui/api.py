"""What the page can do, for programs: `gradio_client`, `@gradio/client`, plain HTTP, and as tools of the Model Context
Protocol where `mcp` is installed. The docstrings here are what all of them, and models, are told."""

import base64
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr
import numpy as np
from gradio.context import get_blocks_context
from gradio.utils import get_function_description

from advdemo.attacks import ATTACKS
from advdemo.measures.sweep import EPSILONS
from advdemo.ui import api_answers as answers
from advdemo.ui.api_answers import Asked
from advdemo.ui.api_old import make_old
from advdemo.ui.api_pictures import Picture, as_png
from advdemo.ui.api_values import errors_told, who
from advdemo.ui.explore import MAX_DRAWING
from advdemo.ui.service import Service
from advdemo.ui.sweep import run_sweep
from advdemo.ui.visitors import ADDRESS_LIMIT, Visitor

LIMITS = f"At most {ADDRESS_LIMIT[0]:.0f} calls a second from one address."
# In the docstrings, for what several of them say.
TOLD = {
    "IMAGE": f"a PNG or JPEG as a data URL (at most {MAX_DRAWING:,} characters), or 28 rows of 28 numbers from 0 to 1. "
    "A picture of 28 x 28 pixels is taken as it is, white ink on black; any other is cropped and centred first.",
    "INDEX": "instead of an image, the number of an MNIST test image, 0 to 9999.",
    "TARGET": "the digit that the network is to read; without it any wrong digit is a success.",
    "LABEL": "the true digit; without it MNIST's, or for an image of your own what the network reads unattacked.",
    "SEED": "decides what is random in the attack.",
    "ARRAYS": 'whether pictures come also as rows of numbers from 0 to 1, unrounded, under "arrays".',
    "ATTACKS": ", ".join(ATTACKS),
    "SCANNABLE": ", ".join(name for name, row in ATTACKS.items() if row.scannable),
    "KINDS": "; ".join(f"{name} {row.told}" for name, row in ATTACKS.items()) + ".",
    "QUICK": ", ".join(name for name, row in ATTACKS.items() if row.quick),
}


def add_api(service: Service) -> None:
    """Add the endpoints to the page under construction."""

    def admit(request: gr.Request) -> Visitor:
        service.limits.count(who(request))
        return who(request)

    async def predict(
        request: gr.Request,
        image: Picture | None = None,
        index: int | None = None,
        network: str = "standard",
        arrays: bool = False,
    ) -> dict[str, Any]:
        """Read one handwritten digit with a neural network.

        Args:
            image: IMAGE
            index: INDEX
            network: NETWORK
            arrays: ARRAYS

        Returns:
            prediction (0 to 9), confidence (0 to 1), probabilities of the ten digits, image (what the network saw, a
                PNG data URL)
        """
        with errors_told():
            return await answers.predict_digit(service, admit(request), Asked(image, index, network, None, arrays))

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
        """Change one handwritten digit a little so that a neural network misreads it (an adversarial example).

        Args:
            image: IMAGE
            index: INDEX
            epsilon: how much each pixel may change, 0 to 1; 0.1 is 25.5 of 255 levels of grey.
            attack: one of ATTACKS. KINDS
            target: TARGET
            network: NETWORK
            label: LABEL
            seed: SEED
            arrays: ARRAYS

        Returns:
            fooled, label, label_source, target, before and after (prediction, confidence), largest_change of a pixel,
                original, perturbation and adversarial (PNG data URLs of 28 x 28 pixels)
        """
        with errors_told():
            asked = Asked(image, index, network, label, arrays)
            return await answers.attack_digit(service, admit(request), asked, epsilon, attack, target, seed)

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
        """Find the smallest epsilon at which an attack makes a neural network misread one handwritten digit, trying 101
        values from 0 to 0.5.

        Args:
            image: IMAGE
            index: INDEX
            attack: one of SCANNABLE. KINDS
            target: TARGET
            network: NETWORK
            label: LABEL
            seed: SEED
            arrays: whether "arrays" holds the 101 epsilons, the probabilities of the ten digits at each, and the image.

        Returns:
            flip (the smallest epsilon that succeeds, to 0.0001; null: none up to 0.5), label, label_source, target,
                reads (from which epsilon on the network reads what), fooling (the first of the 101 that succeeds:
                epsilon, prediction, confidence, image), original (PNG data URLs)
        """
        with errors_told():
            asked = Asked(image, index, network, label, arrays)
            return await answers.scan_epsilons(service, admit(request), asked, attack, target, seed)

    async def sweep(
        request: gr.Request,
        count: int = len(service.images),
        epsilons: str = ", ".join(map(str, EPSILONS)),
        attack: str = "fgsm",
        network: str = "standard",
        examples: bool = False,
    ) -> AsyncIterator[dict[str, Any]]:
        """Measure how often a neural network still reads handwritten digits rightly under an attack. Partial results
        come as a stream, the last one is complete. Sweeps wait in a line; one that would take over five minutes is
        refused.

        Args:
            count: how many MNIST test images, from the first on, 1 to 10000.
            epsilons: up to 51 sizes of the attack, each 0 to 1, separated by commas.
            attack: one of ATTACKS; all but QUICK are slow and need a small count.
            network: NETWORK
            examples: whether up to ten fooled digits for each epsilon come along.

        Returns:
            epsilons, correct and accuracies at each of them, per_class accuracies, flips (counts of digit by what it is
                read as), first_flips, done of total images, seconds, device, examples (index, before, after, image)
        """
        question = {"images": count, "epsilons": epsilons, "attack": attack, "model": network}
        with errors_told():
            visitor = admit(request)
            await service.streams.wait_for(request.session_hash or "")
            found: list = []
            async for message in run_sweep(service, visitor, question):
                result = message.get("result", message)
                found = result.pop("examples", found)
                yield result | {"examples": [[_drawn(one) for one in row] for row in found]} if examples else result

    async def generate(
        request: gr.Request, digit: int, seed: int = 0, count: int = 1, arrays: bool = False
    ) -> dict[str, Any]:
        """Draw handwritten digits that nobody wrote, with a generative adversarial network.

        Args:
            digit: which digit to draw, 0 to 9.
            seed: the same seed gives the same digits.
            count: how many, 1 to 25.
            arrays: ARRAYS

        Returns:
            images (PNG data URLs of 28 x 28 pixels), realness (0 to 1, how real the discriminator finds each),
                predictions (what the standard network reads)
        """
        with errors_told():
            return await answers.generate_digits(service, admit(request), digit, seed, count, arrays)

    async def certify(
        request: gr.Request,
        image: Picture | None = None,
        index: int | None = None,
        network: str = "certified",
        label: int | None = None,
        arrays: bool = False,
    ) -> dict[str, Any]:
        """Prove up to which epsilon no attack whatever can make a neural network misread one handwritten digit. Nothing
        can be proved of networks of other layers than a LeNet's.

        Args:
            image: IMAGE
            index: INDEX
            network: NETWORK
            label: LABEL
            arrays: ARRAYS

        Returns:
            proved (an epsilon; 0 where the digit is misread or nothing can be proved), broken (the epsilon at which
                FGSM succeeds, or null: between the two nobody knows), label, label_source, prediction, confidence,
                image
        """
        with errors_told():
            return await answers.certify_digit(service, admit(request), Asked(image, index, network, label, arrays))

    told = TOLD | {"NETWORK": f"one of {', '.join(service.models.shipped)}."}
    for function in (predict, attack, scan, sweep, generate, certify):
        function.__doc__ = _tell(function.__doc__ or "", told)
        _document(function, gr.api(function, api_name=function.__name__, concurrency_limit=None))
    for function in make_old(service):
        function._mcp_type = "none"  # type: ignore[attr-defined]  # no tool
        gr.api(function, api_name=function.__name__, concurrency_limit=None)


def _tell(docstring: str, told: dict[str, str]) -> str:
    """A docstring with what its words in capitals stand for and the limits, each paragraph and argument in one line:
    Gradio reads no further."""
    text = re.sub(r"\b[A-Z]{4,}\b", lambda word: told.get(word[0], word[0]), docstring)
    text = re.sub(r"\n {16}|(?<=\S)\n {8}(?=\S)", " ", text)
    return text.replace("\n\n", f" {LIMITS}\n\n", 1)


def _document(function: Callable, endpoint: dict) -> None:
    """Have Gradio's own documentation say of each argument what the docstring says."""
    _, told, _ = get_function_description(function)
    del told["request"]
    page = get_blocks_context()
    assert page is not None
    for text, component in zip(told.values(), endpoint["inputs"], strict=True):
        page.blocks[component]._api_info |= {"additional_description": text}  # type: ignore[union-attr]


def _drawn(example: dict) -> dict:
    pixels = np.frombuffer(base64.b64decode(example["image"]), np.uint8)
    return example | {"image": as_png(pixels.reshape(28, 28))}
