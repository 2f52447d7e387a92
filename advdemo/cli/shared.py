"""What the commands share: the app, options, the progress bar."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperCommand, TyperGroup

from advdemo import NETWORKS, shipped

if TYPE_CHECKING:
    from torch import Tensor, nn

SHIPPED = {name: shipped(file) for name, file in NETWORKS.items()}
STANDARD = Path("standard")


class _Commands(TyperGroup):
    """Says what is wrong in one sentence, where Python would print a traceback."""

    def invoke(self, context: Any) -> Any:
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


class AttackCommand(TyperCommand):
    """A command whose help reads the table of attacks: not before it is asked for, since that loads torch."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from advdemo.attacks import ATTACKS, setting_owners

        for option in self.params:
            text = getattr(option, "help", None) or ""
            defaults = setting_owners(option.name or "").items()
            owners = ", ".join(name if default is None else f"{name} ({default})" for name, default in defaults)
            vars(option)["help"] = text.replace("{attacks}", ", ".join(ATTACKS)).replace("{owners}", owners)
        super().format_help(ctx, formatter)


HELP = "Adversarial examples on MNIST: train LeNet, fool it on one picture, or measure it on the whole test set."
app = typer.Typer(cls=_Commands, help=HELP, no_args_is_help=True, add_completion=False)

Number = Annotated[float | None, typer.Option(help="Instead of the recipe's.", show_default=False)]
WholeNumber = Annotated[int | None, typer.Option(help="Instead of the recipe's.", show_default=False)]
Checkpoint = Annotated[
    Path, typer.Option(help="standard, robust or certified, which are shipped, or a checkpoint's file.")
]
Binarise = Annotated[bool, typer.Option("--binarise", help="Round the pixels to 0 or 1 before the network sees them.")]
# {attacks} and {owners} are filled in by AttackCommand.
AttackName = Annotated[str, typer.Option("--attack", help="{attacks}.")]
Steps = Annotated[int | None, typer.Option(help="Steps of the attack; of {owners}.", show_default=False)]
StepSize = Annotated[
    float | None, typer.Option(help="Size of a step; of {owners}: 2.5 epsilon / steps by default.", show_default=False)
]
Decay = Annotated[
    float | None, typer.Option(help="What is kept of the momentum at each step; of {owners}.", show_default=False)
]
Diversity = Annotated[
    float | None, typer.Option(help="Share of the steps that see a resized image; of {owners}.", show_default=False)
]
Queries = Annotated[int | None, typer.Option(help="Queries for each image, at most; of {owners}.", show_default=False)]
DataDir = Annotated[
    Path | None, typer.Option(help="MNIST in another folder; what is missing is downloaded there.", show_default=False)
]


def load_classifier(path: Path, binarise: bool) -> "nn.Module":
    """A network to attack, by a name of SHIPPED or its file, on the device to compute on; errors as of
    `load_checkpoint`."""
    from advdemo.networks.binarised import Binarised
    from advdemo.networks.checkpoint import CLASSIFIERS, load_checkpoint

    network, _ = load_checkpoint(SHIPPED.get(str(path), path), kinds=CLASSIFIERS)
    return Binarised(network) if binarise else network


def read_digit(path: Path) -> "Tensor":
    """The digit in a picture file, float32 (1, 28, 28); ValueError, naming the file, when it is not one digit."""
    from advdemo.images.photo import digit_in
    from advdemo.images.picture import open_picture

    try:
        picture = open_picture(path, name="it")
        if picture.cut:
            typer.echo(f"{path}: the end of the file is missing, so part of the picture is", err=True)
        return digit_in(picture)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def make_folder(path: Path) -> None:
    """For files to be written, before the work and not after it; OSError when it cannot be made or written to."""
    if path.is_file():
        raise NotADirectoryError(f"{path} is a file: name a folder")
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK):
        raise PermissionError(f"{path} cannot be written to: choose another folder")


def progress() -> Progress:
    """A bar on stderr, gone when it is full; nothing where stderr is no terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),  # or lines meant for a file would go to the console
    )
