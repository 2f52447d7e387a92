"""python -m advdemo train-gan | train-advgan | generate"""

from pathlib import Path
from typing import Annotated

import typer

from advdemo import shipped
from advdemo.cli.shared import SHIPPED, STANDARD, Checkpoint, DataDir, app, progress

GENERATOR = Path("checkpoints/generator.safetensors")  # in the repository that is the shipped one
SHIPPED_GENERATOR = shipped("generator.safetensors")


@app.command()
def train_gan(
    epochs: Annotated[int | None, typer.Option(min=1, max=1000, help="Instead of the recipe's 45.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same pair.")] = 0,
    data_dir: DataDir = None,
    out: Annotated[
        Path, typer.Option(help="The generator's file; discriminator and sample sheets go beside it.")
    ] = GENERATOR,
) -> None:
    """Train a generator of digits and its discriminator. Ctrl-C keeps the last whole epoch; again, it goes on there."""
    from advdemo.training.gan import GanRecipe
    from advdemo.training.pair import train_pair

    recipe = GanRecipe() if epochs is None else GanRecipe(epochs=epochs)
    with progress() as shown:
        bar = shown.add_task("steps", total=recipe.epochs)
        try:
            train_pair(
                out,
                recipe,
                seed=seed,
                data_dir=data_dir,
                on_step=lambda done: shown.update(bar, completed=done * recipe.epochs),
                say=typer.echo,
            )
        except KeyboardInterrupt:
            typer.echo("Interrupted before the first epoch ended: nothing was saved.", err=True)
            raise typer.Exit(130) from None


@app.command()
def train_advgan(
    network: Checkpoint = STANDARD,
    epochs: Annotated[int | None, typer.Option(min=1, max=1000, help="Instead of the recipe's 8.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same generator.")] = 0,
    data_dir: DataDir = None,
    out: Annotated[Path, typer.Option(help="The generator's file.")] = Path("checkpoints/advgan.safetensors"),
) -> None:
    """Train AdvGAN's generator of perturbations against one network."""
    from advdemo.networks.checkpoint import CLASSIFIERS, load_checkpoint
    from advdemo.training.advgan import AdvGANRecipe
    from advdemo.training.advgan import train_advgan as train

    recipe = AdvGANRecipe() if epochs is None else AdvGANRecipe(epochs=epochs)
    path = SHIPPED.get(str(network), network)
    target, _ = load_checkpoint(path, kinds=CLASSIFIERS)
    with progress() as shown:
        bar = shown.add_task("steps", total=1.0)
        train(
            out,
            recipe,
            target,
            path.stem,
            seed=seed,
            data_dir=data_dir,
            on_step=lambda done: shown.update(bar, completed=done),
            say=typer.echo,
        )


@app.command()
def generate(
    digit: Annotated[int, typer.Option(min=0, max=9, help="Which digit to draw.")] = 3,
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="The same seed gives the same digits.")] = 0,
    generator: Annotated[
        Path, typer.Option(help="The generator's file.", show_default="the shipped one")
    ] = SHIPPED_GENERATOR,
    out: Annotated[Path, typer.Option(help="The PNG to write.")] = Path("sheet.png"),
) -> None:
    """Draw digits to order, as a sheet."""
    import torch

    from advdemo.images.picture import write_sheet
    from advdemo.networks.checkpoint import check_writable, load_checkpoint
    from advdemo.networks.generator import Generator
    from advdemo.networks.generator import generate as draw

    if out.suffix.lower() != ".png" and not out.is_dir():
        raise ValueError(f"--out must be a PNG such as {out.with_suffix('.png')}, got {out}")
    check_writable(out)
    network, _ = load_checkpoint(generator)
    if not isinstance(network, Generator):
        raise ValueError(f"{generator} holds no generator: make one with `python -m advdemo train-gan`")
    write_sheet(draw(network, torch.full((count,), digit), seed=seed), out)
    typer.echo(f"Wrote {count} digits to {out}")
