"""python -m advdemo train | measure | reproduce"""

import json
from pathlib import Path
from typing import Annotated

import typer

from advdemo.cli.shared import DataDir, Number, WholeNumber, app, progress

CHECKPOINT = Path("checkpoints/lenet.safetensors")  # in the repository that is the shipped one


@app.command()
def train(
    recipe: Annotated[str, typer.Option(help="default, quick, robust, certified or tutorial.")] = "default",
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same network.")] = 0,
    holdout: Annotated[int, typer.Option(min=0, help="Training images to hold out, to choose the best epoch by.")] = 0,
    epochs: WholeNumber = None,
    batch_size: WholeNumber = None,
    learning_rate: Number = None,
    momentum: Number = None,
    weight_decay: Number = None,
    label_smoothing: Number = None,
    epsilon: Number = None,
    attack_steps: WholeNumber = None,
    clean: Number = None,
    warm_up: Number = None,
    averaging: Number = None,
    data_dir: DataDir = None,
    out: Annotated[Path, typer.Option(help="The checkpoint to write.")] = CHECKPOINT,
    record: Annotated[
        Path | None, typer.Option(help="A JSON to write its record to as well.", show_default=False)
    ] = None,
) -> None:
    """Train LeNet on MNIST and save it with its record. Ctrl-C keeps the best epoch so far."""
    from advdemo.networks.checkpoint import check_writable
    from advdemo.training.train import train_checkpoint

    if record is not None:
        check_writable(record)
    with progress() as shown:
        bar = shown.add_task("steps")
        try:
            told = train_checkpoint(
                out,
                recipe,
                overrides={
                    "epochs": epochs,
                    "batch_size": batch_size,
                    "learning_rate": learning_rate,
                    "momentum": momentum,
                    "weight_decay": weight_decay,
                    "label_smoothing": label_smoothing,
                    "epsilon": epsilon,
                    "attack_steps": attack_steps,
                    "clean": clean,
                    "warm_up": warm_up,
                    "averaging": averaging,
                },
                seed=seed,
                holdout=holdout,
                data_dir=data_dir,
                on_step=lambda step: shown.update(bar, completed=step.step, total=step.steps),
                say=typer.echo,
            )
        except KeyboardInterrupt:
            typer.echo("Interrupted before the first epoch ended: nothing was saved.", err=True)
            raise typer.Exit(130) from None
    if record is not None:
        record.write_text(json.dumps(told, indent=1) + "\n")


@app.command()
def measure(
    checkpoint: Annotated[Path, typer.Option(help="The network, whose file is written anew.")] = CHECKPOINT,
    data_dir: DataDir = None,
) -> None:
    """Keep in a network's record what the page begins with: accuracies under FGSM on the test set, and the certified
    epsilons of 350 of its images. Takes two minutes."""
    from advdemo.images.mnist import load_mnist
    from advdemo.measures.saved import proof_record, sweep_record
    from advdemo.networks.checkpoint import CLASSIFIERS, check_writable, load_checkpoint, save_checkpoint

    network, known = load_checkpoint(checkpoint, kinds=CLASSIFIERS)
    check_writable(checkpoint)
    test_set = load_mnist("test", data_dir)
    measured = {"sweep": sweep_record(network, *test_set), "proofs": proof_record(network, *test_set)}
    save_checkpoint(network, checkpoint, known | measured)
    epsilons, proved = len(measured["sweep"]["epsilons"]), len(measured["proofs"]["indices"])
    typer.echo(
        f"Wrote the accuracy at {epsilons} epsilons and the certified epsilons of {proved} images to the record of "
        f"{checkpoint}"
    )


@app.command()
def reproduce(
    seeds: Annotated[int, typer.Option(min=1, max=20, help="How many trainings, seeds 0, 1, ...")] = 3,
    epochs: Annotated[
        int | None, typer.Option(help="At most, instead of the recipe's 300.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    out: Annotated[Path, typer.Option(help="The JSON to write.")] = Path("checkpoints/reproduction.json"),
) -> None:
    """Train as the PyTorch tutorial does and print its published table beside ours. Takes some minutes a seed."""
    from advdemo.networks.checkpoint import check_writable
    from advdemo.training.reproduce import reproduce as run
    from advdemo.training.reproduce import table

    check_writable(out)
    with progress() as shown:
        bar = shown.add_task("steps")
        result = run(
            range(seeds),
            epochs=epochs,
            data_dir=data_dir,
            on_step=lambda step: shown.update(bar, completed=step.step, total=step.steps),
            say=typer.echo,
        )
    out.write_text(json.dumps(result, indent=1) + "\n")
    typer.echo(table(result))
    typer.echo(f"Wrote {out}")
