"""Figures of a sweep for files, `accuracy_curve(result).savefig("accuracy.png")`: plain matplotlib `Figure`s without
pyplot, so no window opens and nothing needs closing."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from advdemo.measures.sweep import EPSILONS, EXAMPLES, TUTORIAL_ACCURACIES, SweepResult

CLEAN, FOOLED, TUTORIAL = "#2563eb", "#ea580c", "#6b7280"  # one colour, one meaning, on the page as here
TUTORIAL_CURVE = tuple(zip(EPSILONS, TUTORIAL_ACCURACIES, strict=True))
MOST_LABELS = 12  # points of the curve that carry their value; more would overlap


def accuracy_curve(
    result: SweepResult,
    reference: Sequence[tuple[float, float]] | None = TUTORIAL_CURVE,
    *,
    title: str = "Accuracy under FGSM",
) -> Figure:
    """Accuracy against epsilon; `reference`, dashed, is what the PyTorch tutorial published, as (epsilon, accuracy)."""
    figure = Figure(figsize=(6.4, 4.4), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    if reference is not None:
        axes.plot(*zip(*reference, strict=True), "--", color=TUTORIAL, marker=".", label="PyTorch tutorial, published")
    order = result.epsilons.argsort()
    epsilons, accuracies = result.epsilons[order], result.accuracies[order]
    axes.plot(epsilons, accuracies, color=CLEAN, marker="o", lw=2, label=f"this network, {result.n_images:,} images")
    for epsilon, accuracy in zip(epsilons, accuracies, strict=True) if len(epsilons) <= MOST_LABELS else ():
        axes.annotate(
            f"{accuracy:.1%}", (epsilon, accuracy), (-5, -5),
            textcoords="offset points", ha="right", va="top", color=CLEAN, size=8,
        )  # fmt: skip
    axes.margins(x=0.1)
    axes.set(xlabel="epsilon (1 is the whole pixel range)", ylabel="accuracy", ylim=(0, 1.06))
    axes.set_title(title, loc="left", weight="bold")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="best")
    return figure


def example_grid(result: SweepResult) -> Figure:
    """A row of attacked digits for each epsilon, titled "before -> after"; an epsilon that fooled none leaves its row
    empty."""
    rows = len(result.epsilons)
    figure = Figure(figsize=(1.15 * EXAMPLES + 0.8, 1.4 * rows + 0.2), dpi=150, layout="constrained")
    grid = figure.subplots(rows, EXAMPLES, squeeze=False)
    for epsilon, found, line in zip(result.epsilons, result.examples, grid, strict=True):
        line[0].set_ylabel(f"ε = {epsilon:g}", size=11)
        for axes in line:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        for axes, example in zip(line, found, strict=False):
            axes.imshow(example.image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            colour = CLEAN if example.before == example.after else FOOLED
            axes.set_title(f"{example.before} → {example.after}", size=11, color=colour)
    return figure
