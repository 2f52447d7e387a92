"""python -m advdemo show"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advdemo.cli.shared import app, load_classifier

if TYPE_CHECKING:
    from torch import nn

SUFFIXES = (".safetensors", ".pt", ".pth")


@app.command()
def show(
    networks: Annotated[
        list[str],
        typer.Argument(metavar="MODULE:NAME...", help="A network, a function that makes one, or a checkpoint's file."),
    ],
) -> None:
    """Open the page with networks of your own beside the shipped ones."""
    import advdemo

    advdemo.show({name_of(place): find_network(place) for place in networks}, block=True)


def name_of(place: str) -> str:
    """What the page calls it."""
    return Path(place).stem if Path(place).suffix in SUFFIXES else place.rpartition(":")[2]


def find_network(place: str) -> "nn.Module":
    """The LeNet in a file, or what stands at `module:name`: a network, or what a function or class of no arguments
    returns.

    Raises:
        ValueError: there is no such thing, or it is no network.
    """
    import importlib

    from torch import nn

    if Path(place).suffix in SUFFIXES:
        return load_classifier(Path(place), binarise=False)
    module, colon, name = place.partition(":")
    if not (module and colon and name):
        raise ValueError(f"name a network as my_module:make_model, got {place!r}")
    sys.path.insert(0, "")  # modules of the folder that the command is run in
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise ValueError(f"{module} cannot be imported: {error}") from error
    if not hasattr(found, name):
        raise ValueError(f"{module} has no {name}")
    network = getattr(found, name)
    if not isinstance(network, nn.Module) and callable(network):
        network = network()
    if not isinstance(network, nn.Module):
        raise ValueError(f"{place} must be an nn.Module, or a function that makes one, got {type(network).__name__}")
    return network
