"""python -m advdemo sweep"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from advdemo.cli.shared import (
    STANDARD,
    AttackCommand,
    AttackName,
    Binarise,
    Checkpoint,
    DataDir,
    Decay,
    Diversity,
    Queries,
    Steps,
    StepSize,
    app,
    load_classifier,
    make_folder,
    progress,
)


@app.command(cls=AttackCommand)
def sweep(
    checkpoint: Checkpoint = STANDARD,
    binarise: Binarise = False,
    epsilons: Annotated[str, typer.Option(help="Comma-separated, each in 0..1.")] = "0,0.05,0.1,0.15,0.2,0.25,0.3",
    images: Annotated[int, typer.Option(min=1, help="How many test images, from the first.")] = 10_000,
    attack_name: AttackName = "fgsm",
    steps: Steps = None,
    step_size: StepSize = None,
    restarts: Annotated[
        int | None,
        typer.Option(help="Random starts, of {owners}; without it they begin at the image.", show_default=False),
    ] = None,
    decay: Decay = None,
    diversity: Diversity = None,
    queries: Queries = None,
    source: Annotated[
        list[Path] | None,
        typer.Option(
            help="A network to make the examples on: how well do they transfer? Several are attacked as one.",
            show_default=False,
        ),
    ] = None,
    certified: Annotated[
        bool, typer.Option("--certified", help="Certified accuracy, proved against all attacks, in place of one.")
    ] = False,
    method: Annotated[
        str | None,
        typer.Option(
            help="Of --certified: intervals, or crown, slower and tighter; intervals by default.", show_default=False
        ),
    ] = None,
    loss: Annotated[
        str, typer.Option(help="cross-entropy, or nll-on-logits as in the PyTorch tutorial; of {owners}.")
    ] = "cross-entropy",
    data_dir: DataDir = None,
    out: Annotated[
        Path | None, typer.Option(help="A folder for sweep.csv, sweep.json, accuracy.png, examples.png.")
    ] = None,
) -> None:
    """Robust accuracy under an attack, or certified accuracy, on the MNIST test images at each epsilon."""
    from advdemo.attacks import ATTACKS, FGSM, make_settings
    from advdemo.images.mnist import load_mnist
    from advdemo.measures.bounds import CertifiedResult, certified_stream
    from advdemo.measures.sweep import SweepResult, sweep_stream, to_csv, to_json
    from advdemo.networks.ensemble import Ensemble

    if certified and (source or attack_name != "fgsm"):
        raise ValueError("--certified holds against every attack: leave out --attack and --source")
    if method is not None and not certified:
        raise ValueError("--method is of --certified: add that, or leave it out")
    model = load_classifier(checkpoint, binarise)
    settings = make_settings(
        attack_name,
        steps=steps,
        step_size=step_size,
        restarts=restarts,
        random_start=None if restarts is None else True,
        decay=decay,
        diversity=diversity,
        queries=queries,
        loss=None if loss == FGSM().loss else loss,
    )
    made_on = Ensemble(load_classifier(path, False) for path in source) if source else None
    pixels, labels = load_mnist("test", data_dir)
    if images > len(pixels):
        raise ValueError(f"--images must be at most {len(pixels)}, the number of test images, got {images}")
    if out is not None:
        make_folder(out)
    chosen = pixels[:images], labels[:images], _parse_epsilons(epsilons)
    results: Iterator[SweepResult | CertifiedResult]
    if certified:
        results, measure = certified_stream(model, *chosen, method=method or "intervals"), "Certified"
    else:
        results, measure = sweep_stream(model, *chosen, attack=settings, source=made_on), "Test"
    with progress() as shown:
        bar = shown.add_task("images", total=images)
        for result in results:
            shown.update(bar, completed=result.n_images)

    for epsilon, correct, accuracy in zip(result.epsilons, result.correct, result.accuracies, strict=True):
        typer.echo(f"Epsilon: {epsilon:g}  {measure} Accuracy = {correct} / {result.n_images} = {round(accuracy, 4)}")
    if out is not None:
        (out / "sweep.csv").write_text(to_csv(result))
        if isinstance(result, CertifiedResult):
            typer.echo(f"Wrote sweep.csv to {out}")
            return
        from advdemo.measures.plots import accuracy_curve, example_grid

        (out / "sweep.json").write_text(to_json(result))
        accuracy_curve(result, title=f"Accuracy under {ATTACKS[attack_name].title}").savefig(out / "accuracy.png")
        example_grid(result).savefig(out / "examples.png")
        typer.echo(f"Wrote sweep.csv, sweep.json, accuracy.png and examples.png to {out}")


def _parse_epsilons(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise ValueError(f"--epsilons takes numbers such as 0,0.1,0.2, got {text!r}") from None
