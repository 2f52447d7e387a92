"""python -m advdemo show"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from advdemo.cli.shared import app

if TYPE_CHECKING:
    from torch import nn


@app.command()
def show(
    networks: Annotated[
        list[str], typer.Argument(metavar="MODULE:NAME...", help="A network, or a function that makes one.")
    ],
) -> None:
    """Open the page with networks of your own beside the shipped ones."""
    import advdemo

    advdemo.show({place.rpartition(":")[2]: find_network(place) for place in networks}, block=True)


def find_network(place: str) -> "nn.Module":
    """What stands at `module:name`: a network, or what a function or class of no arguments returns.

    Raises:
        ValueError: there is no such thing, or it is no network.
    """
    import importlib

    from torch import nn

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
