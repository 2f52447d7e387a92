"""python -m advdemo certify"""

from pathlib import Path
from typing import Annotated

import typer

from advdemo.cli.shared import STANDARD, Binarise, Checkpoint, app, load_classifier


@app.command()
def certify(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Any picture of one digit.")],
    label: Annotated[
        int | None,
        typer.Option(min=0, max=9, help="The true digit; without it, what the network reads.", show_default=False),
    ] = None,
    method: Annotated[str, typer.Option(help="crown, which is tighter, or intervals.")] = "crown",
    checkpoint: Checkpoint = STANDARD,
    binarise: Binarise = False,
) -> None:
    """Prove up to which epsilon no change of the picture, by whatever attack, is read as another digit."""
    from advdemo.images.drawing import to_mnist
    from advdemo.images.picture import read_picture
    from advdemo.measures.bounds import certified_epsilon
    from advdemo.measures.scan import scan
    from advdemo.networks.predict import pick_device, predict

    device = pick_device()
    model = load_classifier(checkpoint, binarise)
    try:
        pixels = to_mnist(read_picture(image, name="it")).to(device)
    except ValueError as error:
        raise ValueError(f"{image}: {error}") from error
    clean = predict(model, pixels[None])[0]
    given = label is not None
    label = int(clean.argmax()) if label is None else label
    proved = certified_epsilon(model, pixels, label, method=method)
    broken = scan(model, pixels, label).flip_epsilon

    typer.echo(f"Label:   {label} ({'given' if given else 'the prediction: none was given'})")
    typer.echo(f"Reads:   {clean.argmax()} ({clean.max():.2%})")
    typer.echo(f"Proved:  up to epsilon {proved:.4f}, by {method}" if proved else f"Proved:  nothing, by {method}")
    typer.echo(f"Broken:  by FGSM at epsilon {broken:.4f}" if broken is not None else "Broken:  not by FGSM up to 0.5")
