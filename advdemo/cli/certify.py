"""python -m advdemo certify"""

from pathlib import Path
from typing import Annotated

import typer

from advdemo.cli.shared import STANDARD, Binarise, Checkpoint, app, load_classifier, read_digit

SURE = 0.5  # confidence: below it, a prediction is no label to certify


@app.command()
def certify(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Any picture of one digit.")],
    label: Annotated[
        int | None,
        typer.Option(min=0, max=9, help="The true digit; without it, the network's prediction.", show_default=False),
    ] = None,
    method: Annotated[str, typer.Option(help="crown, which is tighter, or intervals.")] = "crown",
    checkpoint: Checkpoint = STANDARD,
    binarise: Binarise = False,
) -> None:
    """Certify a picture: the epsilon up to which no perturbation can make the network predict another digit."""
    from advdemo.measures.bounds import certified_epsilon
    from advdemo.measures.scan import scan
    from advdemo.networks.predict import pick_device, predict

    device = pick_device()
    model = load_classifier(checkpoint, binarise)
    pixels = read_digit(image).to(device)
    clean = predict(model, pixels[None])[0]
    given = label is not None
    if not given and clean.max() < SURE:
        read = f"{clean.argmax()} ({clean.max():.2%})"
        raise ValueError(
            f"{image}: the network's best guess is {read}, too unsure to certify: give the digit as --label"
        )
    label = int(clean.argmax()) if label is None else label
    proved = certified_epsilon(model, pixels, label, method=method)
    fooled = scan(model, pixels, label).flip_epsilon

    typer.echo(f"Label:     {label} ({'given' if given else 'the prediction: none was given'})")
    typer.echo(f"Predicted: {clean.argmax()} ({clean.max():.2%})")
    typer.echo(f"Certified: up to epsilon {proved:.4f}, by {method}" if proved else f"Certified: nothing, by {method}")
    typer.echo(f"Fooled:    {'not up to 0.5' if fooled is None else f'from epsilon {fooled:.4f}'}, by FGSM")
