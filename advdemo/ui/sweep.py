"""The Sweep tab: the whole test set against a list of epsilons, drawn while it runs."""

import base64
import json
import time
from collections.abc import Iterator

import gradio as gr
import numpy as np
from torch import Tensor

from advdemo.attacks import find_attack
from advdemo.measures.sweep import EPSILONS, TUTORIAL_ACCURACIES, SweepResult, sweep_stream
from advdemo.networks.predict import classify
from advdemo.training.reproduce import load_result, mean_and_spread
from advdemo.ui.component import attack_rows, component
from advdemo.ui.explore import check_digit
from advdemo.ui.line import VISITORS_WAITING, Line
from advdemo.ui.models import Models
from advdemo.ui.replies import replies

MAX_EPSILONS = 51
CELL_EXAMPLES = 10
CELL_BATCH = 100
SECONDS_BETWEEN_UPDATES = 0.1


def sweep_tab(models: Models, line: Line, images: Tensor, labels: Tensor) -> None:
    """Build the tab over images float32 (N, 1, 28, 28) and labels int64 (N,)."""
    reproduction = load_result()
    reference = {"epsilons": EPSILONS, "tutorial": TUTORIAL_ACCURACIES, "reproduced": None}
    if reproduction is not None:
        reference["reproduced"] = [mean for mean, _ in mean_and_spread(reproduction, "nll-on-logits")]
        reference["seeds"] = len(reproduction["runs"])
    sweep = component(
        "sweep",
        events=("run", "transfer", "cell", "halt"),
        reference=json.dumps(reference),
        networks=list(models.shipped),
        attacks=attack_rows(),
    )

    def on_run(event: gr.EventData) -> Iterator[dict]:
        yield from run_sweep(models, line, images, labels, event._data)

    def on_transfer(event: gr.EventData) -> Iterator[dict]:
        yield from run_transfer(models, line, images, labels, event._data)

    def on_cell(event: gr.EventData) -> Iterator[dict]:
        yield from find_examples(models, images, labels, event._data)

    listening = {
        "outputs": sweep,
        "show_progress": "hidden",
        "trigger_mode": "multiple",
        "api_visibility": "private",
    }
    running = [
        sweep.run(on_run, concurrency_limit=VISITORS_WAITING, **listening),
        sweep.transfer(on_transfer, concurrency_limit=VISITORS_WAITING, **listening),
    ]
    sweep.cell(on_cell, **listening)
    sweep.halt(None, cancels=running, show_progress="hidden", api_visibility="private")


@replies
def run_sweep(models: Models, line: Line, images: Tensor, labels: Tensor, question: dict) -> Iterator[dict]:
    """Partial results as the page draws them, some ten a second.

    question: {"number": int, "images": how many of the first, "epsilons": numbers separated by commas, "attack": one of
    ATTACKS, "model" and "weights": as in `Models.pick`}.
    """
    count = check_count(question.get("images"), len(images))
    epsilons = parse_epsilons(question.get("epsilons"))
    attack = question.get("attack", "fgsm")
    find_attack(attack)
    model = models.pick(question.get("model"), question.get("weights"))
    device = next(model.parameters()).device.type.upper()

    def run() -> Iterator[dict]:
        started = shown = time.perf_counter()
        examples_sent = -1
        for result in sweep_stream(model, images[:count], labels[:count], epsilons, attack=attack):
            now = time.perf_counter()
            # A visitor who left is noticed at a yield, so that no batch may pass many times without one.
            if now - shown < SECONDS_BETWEEN_UPDATES and result.n_images < result.total:
                continue
            shown = now
            examples = sum(len(row) for row in result.examples)
            drawn = as_drawn(result, with_examples=examples != examples_sent)
            examples_sent = examples
            yield {"result": json.dumps(drawn | {"seconds": now - started, "device": device})}

    yield from line.take_turns(run())


@replies
def run_transfer(models: Models, line: Line, images: Tensor, labels: Tensor, question: dict) -> Iterator[dict]:
    """The accuracy of every network on the adversarial images made on every network: after each pair, all so far.

    question: as for `run_sweep`, with "epsilon" in place of "epsilons" and "models", a list, in place of "model".
    """
    count = check_count(question.get("images"), len(images))
    (epsilon,) = parse_epsilons(str(question.get("epsilon")))
    attack = question.get("attack", "fgsm")
    find_attack(attack)
    names = question.get("models")
    if not isinstance(names, list) or not 1 <= len(names) <= 3:
        raise ValueError("Ask for one to three networks.")
    networks = [models.pick(name, question.get("weights")) for name in names]

    def run() -> Iterator[dict]:
        table = [[None] * len(networks) for _ in networks]
        for made_on, source in enumerate(networks):
            for tried_on, model in enumerate(networks):
                for result in sweep_stream(
                    model, images[:count], labels[:count], [epsilon], attack=attack, source=source
                ):
                    table[made_on][tried_on] = float(result.accuracies[0])
                    yield {"transfer": json.dumps({"table": table, "done": result.n_images == result.total})}

    yield from line.take_turns(run())


@replies
def find_examples(models: Models, images: Tensor, labels: Tensor, question: dict) -> Iterator[dict]:
    """Images of the class "truth" that the attack of size "epsilon" makes the network read as "predicted".

    question: as for `run_sweep`, with these three in place of "epsilons".
    """
    count = check_count(question.get("images"), len(images))
    (epsilon,) = parse_epsilons(str(question.get("epsilon")))
    attack = question.get("attack", "fgsm")
    find_attack(attack)
    truth, predicted = (check_digit(question.get(name), "The class") for name in ("truth", "predicted"))
    model = models.pick(question.get("model"), question.get("weights"))
    device = next(model.parameters()).device
    found = []
    for chosen in (labels[:count] == truth).nonzero().flatten().split(CELL_BATCH):
        batch, wanted = images[chosen].to(device), labels[chosen].to(device)
        prepared = find_attack(attack)[1].prepare(model, batch, wanted)
        adversarial = prepared.at(epsilon)
        after = classify(model, adversarial)
        for place in (after == predicted).nonzero().flatten().tolist():
            pixels = (adversarial[place] * 255).round().byte().cpu().numpy()
            before = int(prepared.logits[place].argmax())
            found.append({"index": int(chosen[place]), "before": before, "after": predicted, "image": as_text(pixels)})
        if len(found) >= CELL_EXAMPLES:
            break
    yield {"found": json.dumps(found[:CELL_EXAMPLES])}


def as_drawn(result: SweepResult, *, with_examples: bool) -> dict:
    """A result as plain JSON values, the images as base64 of 784 bytes."""
    drawn = {
        "epsilons": result.epsilons.tolist(),
        "correct": result.correct.tolist(),
        "accuracies": result.accuracies.tolist(),
        "flips": result.flips.tolist(),
        "first_flips": result.first_flips.tolist(),
        "done": result.n_images,
        "total": result.total,
    }
    if with_examples:
        drawn["examples"] = [
            [vars(example) | {"image": as_text(example.image)} for example in row] for row in result.examples
        ]
    return drawn


def as_text(pixels: np.ndarray) -> str:
    return base64.b64encode(pixels.tobytes()).decode()


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
