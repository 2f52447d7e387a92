"""The tutorial's own numbers, measured again: its recipe, its sweep, its loss, over several seeds.

The tutorial computes the attack's gradient with `nll_loss` on raw logits, a slip (`nll_loss` wants log-probabilities)
that amounts to lowering the true class's logit and nothing else. Both losses are measured here. As there, an image that
is wrong without the attack is not attacked and counts as wrong.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from advdemo import shipped
from advdemo.attacks.fgsm import FGSM, LOSSES
from advdemo.images.mnist import load_mnist
from advdemo.measures.sweep import EPSILONS, TUTORIAL_ACCURACIES, sweep
from advdemo.networks.fast import FastLeNet
from advdemo.networks.predict import classify, freeze, pick_device
from advdemo.training.loop import EpochRecord, Step
from advdemo.training.recipes import pick_recipe
from advdemo.training.train import describe, hold_out, train_steps

RESULT = shipped("reproduction.json")
HELD_OUT = 5_000


def reproduce(
    seeds: Iterable[int] = (0, 1, 2),
    *,
    epochs: int | None = None,
    data_dir: Path | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train with the recipe "tutorial" once for each seed, take the epoch most accurate on held-out images, and sweep
    the test set with each loss.

    Returns:
        {"epsilons": [...], "published": [...], "runs": [{"seed", "epochs", <loss>: [accuracy at each epsilon]}]}
    """
    recipe = pick_recipe("tutorial", epochs=epochs)
    images, labels = load_mnist("train", data_dir)
    test_images, truth = load_mnist("test", data_dir)
    device = pick_device()
    runs = []
    for seed in seeds:
        kept, held_out = hold_out(images, labels, HELD_OUT, seed)
        epochs_done: list[EpochRecord] = []
        for event in train_steps(recipe, *kept, validation=held_out, seed=seed, device=device):
            if isinstance(event, EpochRecord):
                epochs_done.append(event)
                say(f"seed {seed}  {describe(event)}")
            else:
                on_step(event)
        best = max(epochs_done, key=lambda epoch: epoch.validation_accuracy or 0.0)
        model = FastLeNet()
        model.load_state_dict(best.weights)
        runs.append(
            {"seed": seed, "epochs": len(epochs_done), "epoch": best.epoch}
            | measure(freeze(model).to(device), test_images, truth)
        )
    return {"epsilons": EPSILONS, "published": TUTORIAL_ACCURACIES, "runs": runs}


def measure(model: FastLeNet, images: torch.Tensor, labels: torch.Tensor) -> dict[str, list[float]]:
    """The tutorial's sweep with each loss: {loss: [accuracy in 0..1 at each of EPSILONS]}."""
    right = classify(model, images).cpu() == labels
    return {
        loss: [int(n) / len(labels) for n in sweep(model, images[right], labels[right], attack=FGSM(loss)).correct]
        for loss in LOSSES
    }


def mean_and_spread(result: dict[str, Any], loss: str) -> list[tuple[float, float]]:
    """(mean, largest minus smallest) over the runs, at each epsilon."""
    columns = zip(*(run[loss] for run in result["runs"]), strict=True)
    return [(sum(column) / len(column), max(column) - min(column)) for column in columns]


def table(result: dict[str, Any]) -> str:
    """The published accuracies beside ours, a row for each epsilon: mean over the runs, and in brackets how far apart
    the runs are."""
    losses = {loss: mean_and_spread(result, loss) for loss in LOSSES}
    lines = ["epsilon  published" + "".join(f"  {loss:>24}" for loss in losses)]
    for row, (epsilon, published) in enumerate(zip(result["epsilons"], result["published"], strict=True)):
        cells = (
            f"{mean:.4f} ({spread:.4f}) {mean - published:+.4f}"
            for mean, spread in (rows[row] for rows in losses.values())
        )
        lines.append(f"{epsilon:<7}  {published:.4f}   " + "".join(f"  {cell:>24}" for cell in cells))
    return "\n".join(lines)


def load_result(path: Path = RESULT) -> dict[str, Any] | None:
    """What `python -m advdemo reproduce` saved, or None; ValueError, with the remedy, when the file is of another
    shape."""
    if not path.is_file():
        return None
    try:
        result = json.loads(path.read_text())
        for loss in LOSSES:
            means = [mean for mean, _ in mean_and_spread(result, loss)]
            if len(means) != len(EPSILONS) or not all(0 <= mean <= 1 for mean in means):
                raise ValueError(f"{loss} has not {len(EPSILONS)} accuracies")
    except (ValueError, TypeError, KeyError, RecursionError, ZeroDivisionError) as error:
        raise ValueError(
            f"{path} is not what `reproduce` writes: restore it with `git checkout -- {path.name}` in its folder, "
            "or run `python -m advdemo reproduce`"
        ) from error
    return result
