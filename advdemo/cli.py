"""The command line: python -m advdemo train | attack | sweep | reproduce.

Results go to stdout, progress and errors to stderr. The commands import torch themselves, so that --help is quick.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

CHECKPOINT = Path("checkpoints/lenet.safetensors")


class _Commands(TyperGroup):
    """Says what is wrong in one sentence, where Python would print a traceback."""

    def invoke(self, context):
        try:
            return super().invoke(context)
        except BrokenPipeError:  # `| head`: not the user's mistake
            raise
        except ValueError as error:
            message = str(error)
        except OSError as error:
            message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        typer.echo(f"Error: {message}", err=True)
        raise typer.Exit(1)


HELP = "Adversarial examples on MNIST: train LeNet, fool it on one picture, or measure it on the whole test set."
app = typer.Typer(cls=_Commands, help=HELP, no_args_is_help=True, add_completion=False)

Number = Annotated[float | None, typer.Option(help="Instead of the recipe's.", show_default=False)]
WholeNumber = Annotated[int | None, typer.Option(help="Instead of the recipe's.", show_default=False)]
Checkpoint = Annotated[Path, typer.Option(help="The trained network.")]
AttackName = Annotated[str, typer.Option("--attack", help="fgsm, pgd, momentum, dim, square, rays or noise.")]
Steps = Annotated[int | None, typer.Option(help="Of PGD, 40 by default; of momentum, dim, 10.", show_default=False)]
StepSize = Annotated[float | None, typer.Option(help="Of PGD; 2.5 epsilon / steps by default.", show_default=False)]
Decay = Annotated[float | None, typer.Option(help="Of momentum, dim; 1 by default.", show_default=False)]
Diversity = Annotated[
    float | None,
    typer.Option(help="Of dim: the share of steps that see a resized image, 0.5.", show_default=False),
]
Queries = Annotated[
    int | None,
    typer.Option(help="Of square, 1000 by default; of rays, 2000: questions for each image.", show_default=False),
]
DataDir = Annotated[
    Path | None, typer.Option(help="MNIST in another folder; what is missing is downloaded there.", show_default=False)
]


@app.command()
def train(
    recipe: Annotated[str, typer.Option(help="default, quick, robust or tutorial.")] = "default",
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
    warm_up: Number = None,
    averaging: Number = None,
    data_dir: DataDir = None,
    out: Annotated[Path, typer.Option(help="The checkpoint to write.")] = CHECKPOINT,
) -> None:
    """Train LeNet on MNIST and save it with its record. Ctrl-C keeps the best epoch so far."""
    from advdemo.training.train import train_checkpoint

    with _progress() as progress:
        bar = progress.add_task("steps")
        try:
            train_checkpoint(
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
                    "warm_up": warm_up,
                    "averaging": averaging,
                },
                seed=seed,
                holdout=holdout,
                data_dir=data_dir,
                on_step=lambda step: progress.update(bar, completed=step.step, total=step.steps),
                say=typer.echo,
            )
        except KeyboardInterrupt:
            typer.echo("Interrupted before the first epoch ended: nothing was saved.", err=True)
            raise typer.Exit(130) from None


@app.command()
def sweep(
    checkpoint: Checkpoint = CHECKPOINT,
    epsilons: Annotated[str, typer.Option(help="Comma-separated, each in 0..1.")] = "0,0.05,0.1,0.15,0.2,0.25,0.3",
    images: Annotated[int, typer.Option(min=1, help="How many test images, from the first.")] = 10_000,
    attack_name: AttackName = "fgsm",
    steps: Steps = None,
    step_size: StepSize = None,
    restarts: Annotated[
        int | None,
        typer.Option(help="Random starts of PGD; by default it begins at the image.", show_default=False),
    ] = None,
    decay: Decay = None,
    diversity: Diversity = None,
    queries: Queries = None,
    source: Annotated[
        list[Path] | None,
        typer.Option(
            help="A checkpoint to make the examples on: how well do they transfer? Several are attacked as one.",
            show_default=False,
        ),
    ] = None,
    loss: Annotated[str, typer.Option(help="cross-entropy, or nll-on-logits as in the tutorial.")] = "cross-entropy",
    data_dir: DataDir = None,
    out: Annotated[
        Path | None, typer.Option(help="A folder for sweep.csv, sweep.json, accuracy.png, examples.png.")
    ] = None,
) -> None:
    """Accuracy on the MNIST test images under an attack, at each epsilon."""
    from advdemo.attacks import ATTACKS, FGSM, make_settings
    from advdemo.images.mnist import load_mnist
    from advdemo.measures.sweep import sweep_stream, to_csv, to_json
    from advdemo.networks.checkpoint import load_checkpoint
    from advdemo.networks.ensemble import Ensemble

    model, _ = load_checkpoint(checkpoint)
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
    made_on = Ensemble(load_checkpoint(path)[0] for path in source) if source else None
    pixels, labels = load_mnist("test", data_dir)
    if images > len(pixels):
        raise ValueError(f"--images must be at most {len(pixels)}, the number of test images, got {images}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    with _progress() as progress:
        bar = progress.add_task("images", total=images)
        chosen = pixels[:images], labels[:images], _parse_epsilons(epsilons)
        for result in sweep_stream(model, *chosen, attack=settings, source=made_on):
            progress.update(bar, completed=result.n_images)

    for epsilon, correct, accuracy in zip(result.epsilons, result.correct, result.accuracies, strict=True):
        typer.echo(f"Epsilon: {epsilon:g}  Test Accuracy = {correct} / {result.n_images} = {round(accuracy, 4)}")
    if out is not None:
        from advdemo.measures.plots import accuracy_curve, example_grid

        (out / "sweep.csv").write_text(to_csv(result))
        (out / "sweep.json").write_text(to_json(result))
        accuracy_curve(result, title=f"Accuracy under {ATTACKS[attack_name].title}").savefig(out / "accuracy.png")
        example_grid(result).savefig(out / "examples.png")
        typer.echo(f"Wrote sweep.csv, sweep.json, accuracy.png and examples.png to {out}")


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
    from advdemo.training.reproduce import reproduce as run
    from advdemo.training.reproduce import table

    with _progress() as progress:
        bar = progress.add_task("steps")
        result = run(
            range(seeds),
            epochs=epochs,
            data_dir=data_dir,
            on_step=lambda step: progress.update(bar, completed=step.step, total=step.steps),
            say=typer.echo,
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    typer.echo(table(result))
    typer.echo(f"Wrote {out}")


def _parse_epsilons(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise ValueError(f"--epsilons takes numbers such as 0,0.1,0.2, got {text!r}") from None


@app.command()
def attack(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Any picture of one digit.")],
    epsilon: Annotated[float, typer.Option(help="Size of the perturbation, in 0..1, the pixel range.")] = 0.2,
    label: Annotated[
        int | None,
        typer.Option(min=0, max=9, help="The true digit; without it, what the network reads.", show_default=False),
    ] = None,
    attack_name: AttackName = "fgsm",
    target: Annotated[
        int | None,
        typer.Option(min=0, max=9, help="The digit to be read as; without it, any other.", show_default=False),
    ] = None,
    steps: Steps = None,
    step_size: StepSize = None,
    decay: Decay = None,
    diversity: Diversity = None,
    queries: Queries = None,
    checkpoint: Checkpoint = CHECKPOINT,
    out: Annotated[Path, typer.Option(help="A folder for the three images and prediction.json.")] = Path("attack"),
) -> None:
    """Fool the network on a picture of a digit."""
    import torch

    from advdemo.attacks import find_attack, make_settings
    from advdemo.attacks.inputs import check_epsilon
    from advdemo.images.drawing import to_mnist
    from advdemo.images.picture import read_picture, write_picture, write_signs
    from advdemo.measures.scan import scan
    from advdemo.networks.checkpoint import load_checkpoint
    from advdemo.networks.predict import pick_device, predict

    check_epsilon(epsilon)
    device = pick_device()
    model, _ = load_checkpoint(checkpoint, device)
    try:
        original = to_mnist(read_picture(image, name="it")).unsqueeze(0).to(device)
    except ValueError as error:
        raise ValueError(f"{image}: {error}") from error
    clean = predict(model, original)[0]
    given = label is not None
    label = label if given else int(clean.argmax())
    settings = make_settings(
        attack_name, steps=steps, step_size=step_size, decay=decay, diversity=diversity, queries=queries
    )
    goal, targeted = (label, False) if target is None else (target, True)
    attempt = sign = flip_epsilon = None
    if find_attack(settings)[0].scannable:
        result = scan(model, original, goal, attack=settings, targeted=targeted)
        flip_epsilon, sign = result.flip_epsilon, result.sign
        truth = torch.tensor([goal], device=device)
        adversarial = settings.prepare(model, original, truth, targeted=targeted).at(epsilon)
        verdict = f"Flip:    {_describe_flip(result, target)}"
    else:
        *_, attempt = settings.stream(model, original[0], goal, epsilon, targeted=targeted)
        adversarial = attempt.image.unsqueeze(0)
        verdict = f"Asked:   {'fooled' if attempt.fooled else 'not fooled'} after {attempt.queries} questions"
    attacked = predict(model, adversarial)[0]

    out.mkdir(parents=True, exist_ok=True)
    write_picture(original, out / "original.png")
    write_signs(adversarial - original if sign is None else torch.tensor(sign), out / "perturbation.png")
    write_picture(adversarial, out / "adversarial.png")
    prediction = {
        "epsilon": epsilon,
        "label": label,
        "label_given": given,
        "attack": attack_name,
        "target": target,
        "before": {"digit": int(clean.argmax()), "confidences": clean.tolist()},
        "after": {"digit": int(attacked.argmax()), "confidences": attacked.tolist()},
        "flip_epsilon": flip_epsilon,
        "queries": attempt and attempt.queries,
    }
    (out / "prediction.json").write_text(json.dumps(prediction, indent=1))

    typer.echo(f"Label:   {label} ({'given' if given else 'the prediction before the attack: none was given'})")
    typer.echo(f"Before:  {clean.argmax()} ({clean.max():.2%})")
    typer.echo(f"After:   {attacked.argmax()} ({attacked.max():.2%}) at epsilon {epsilon:g}")
    typer.echo(verdict)
    typer.echo(f"Wrote original.png, perturbation.png, adversarial.png and prediction.json to {out}")


def _describe_flip(result, target: int | None) -> str:
    if result.flip_epsilon == 0:
        return "already another digit without any attack"
    if result.flip_epsilon is not None:
        what = "changes its mind at" if target is None else f"reads {target} from"
        return f"the network {what} epsilon {result.flip_epsilon:.4f}"
    if result.sign is not None and not result.sign.any():
        return "the gradient is zero: there is no direction to follow"
    return f"none up to epsilon {result.epsilons[-1]:g}"


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),  # or lines meant for a file would go to the console
    )
