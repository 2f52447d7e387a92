"""python -m advdemo convert"""

from pathlib import Path
from typing import Annotated

import typer

from advdemo.cli.shared import app


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A LeNet as .pt, .pth or .safetensors.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The safetensors file to write.")],
) -> None:
    """Write a LeNet of torch.save, such as the tutorial's mnist_net.pth, as safetensors. Nothing in it is run."""
    from advdemo.networks.checkpoint import CLASSIFIERS, check_writable, load_checkpoint, save_checkpoint

    check_writable(out)
    network, record = load_checkpoint(source, "cpu", CLASSIFIERS)
    save_checkpoint(network, out, record | {"kind": "LeNet"})
    typer.echo(f"Wrote {out}")
