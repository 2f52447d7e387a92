"""The Sweep tab: the whole test set against a list of epsilons, drawn while it runs."""

import base64
import json
import time
from collections.abc import Iterator

import gradio as gr
from torch import Tensor

from advdemo.reproduce import load_result, mean_and_spread
from advdemo.sweep import EPSILONS, TUTORIAL_ACCURACIES, SweepResult, stream
from advdemo.ui.component import Component
from advdemo.ui.models import Models
from advdemo.ui.replies import replies

MAX_EPSILONS = 21
SECONDS_BETWEEN_UPDATES = 0.1


class Sweep(Component):
    """Value: what `run_sweep` yields. Events: `run` {number, images, epsilons}, `halt`."""

    def __init__(self, value: dict | None = None, *, reference: str) -> None:
        super().__init__(
            value, template="sweep", scripts=["chosen.js", "sweep.js"], reference=reference, elem_id="sweep"
        )
        self.reference = reference


def sweep_tab(models: Models, images: Tensor, labels: Tensor) -> None:
    """Build the tab over images float32 (N, 1, 28, 28) and labels int64 (N,)."""
    reproduction = load_result()
    reference = {"epsilons": EPSILONS, "tutorial": TUTORIAL_ACCURACIES, "reproduced": None}
    if reproduction is not None:
        reference["reproduced"] = [mean for mean, _ in mean_and_spread(reproduction, "nll-on-logits")]
        reference["seeds"] = len(reproduction["runs"])
    sweep = Sweep(reference=json.dumps(reference))

    def on_run(event: gr.EventData) -> Iterator[dict]:
        yield from run_sweep(models, images, labels, event._data)

    running = sweep.run(
        on_run,
        outputs=sweep,
        show_progress="hidden",
        trigger_mode="multiple",
        concurrency_limit=1,
        concurrency_id="sweep",
        api_visibility="private",
    )
    sweep.halt(None, cancels=[running], show_progress="hidden", api_visibility="private")


@replies
def run_sweep(models: Models, images: Tensor, labels: Tensor, question: dict) -> Iterator[dict]:
    """Partial results as the page draws them, some ten a second.

    question: {"number": int, "images": how many of the first, "epsilons": numbers separated by commas}, and for a
    visitor's own model what `Models.pick` reads.
    """
    count = check_count(question.get("images"), len(images))
    epsilons = parse_epsilons(question.get("epsilons"))
    model = models.pick(question)
    device = next(model.parameters()).device.type.upper()
    started = shown = time.perf_counter()
    examples_sent = -1
    for result in stream(model, images[:count], labels[:count], epsilons):
        now = time.perf_counter()
        # A visitor who left is noticed at a yield, so that no batch may pass many times without one.
        if now - shown < SECONDS_BETWEEN_UPDATES and result.n_images < result.total:
            continue
        shown = now
        examples = sum(len(row) for row in result.examples)
        drawn = as_drawn(result, with_examples=examples != examples_sent)
        examples_sent = examples
        yield {"result": json.dumps(drawn | {"seconds": now - started, "device": device})}


def as_drawn(result: SweepResult, *, with_examples: bool) -> dict:
    """A result as plain JSON values, the images as base64 of 784 bytes."""
    drawn = {
        "epsilons": result.epsilons.tolist(),
        "correct": result.correct.tolist(),
        "accuracies": result.accuracies.tolist(),
        "done": result.n_images,
        "total": result.total,
    }
    if with_examples:
        drawn["examples"] = [
            [vars(example) | {"image": base64.b64encode(example.image.tobytes()).decode()} for example in row]
            for row in result.examples
        ]
    return drawn


def check_count(count: object, total: int) -> int:
    """How many images to use: a whole number from 1 to `total`, else ValueError."""
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= total:
        raise ValueError(f"The number of images must be a whole number from 1 to {total:,}, not {str(count)[:20]!r}.")
    return count


def parse_epsilons(text: object) -> list[float]:
    """Different numbers from 0 to 1, ascending, of a text that separates them by commas or spaces; else ValueError."""
    words = text.replace(",", " ").split() if isinstance(text, str) and len(text) <= 400 else []
    if not 1 <= len(words) <= MAX_EPSILONS:
        raise ValueError(f"Give 1 to {MAX_EPSILONS} values of ε, such as 0, 0.1, 0.2; got {len(words) or 'none'}.")
    try:
        epsilons = sorted({float(word) for word in words})
    except ValueError:
        raise ValueError(f"The values of ε must be numbers, such as 0, 0.1, 0.2; got {text[:60]!r}.") from None
    if not all(0 <= epsilon <= 1 for epsilon in epsilons):
        raise ValueError(f"Each ε must be from 0 to 1, where 1 is the whole pixel range; got {text[:60]!r}.")
    return epsilons
