"""The page over the shipped networks, and over others beside them: what app.py and `advdemo.show` have in common."""

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from torch import nn

from advdemo import NETWORKS, shipped
from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import CLASSIFIERS, load_checkpoint
from advdemo.networks.guest import adopt
from advdemo.networks.predict import pick_device
from advdemo.training.train import train_checkpoint
from advdemo.ui.page import build_page, launch
from advdemo.ui.service.guests import look
from advdemo.ui.service.pairs import load_pairs
from advdemo.ui.words import texts

CHECKPOINT = shipped(NETWORKS["standard"])
OTHERS = {name: shipped(file) for name, file in NETWORKS.items() if name != "standard"}
REMEDY = "restore it with `git checkout -- checkpoints`"
LONGEST_NAME = 40  # characters


def load_networks() -> dict[str, tuple[nn.Module, dict[str, Any]]]:
    """The networks and their records by name, without the others whose files are missing or broken. Without a standard
    one, it is trained first."""
    if not CHECKPOINT.exists():
        print(f"No checkpoint at {CHECKPOINT}: training one first, about seven minutes on two CPU cores.", flush=True)
        train_checkpoint(CHECKPOINT, say=print)
    try:
        networks = {"standard": load_checkpoint(CHECKPOINT, kinds=CLASSIFIERS)}
    except ValueError as error:
        raise ValueError(f"{error}: {REMEDY}, or delete {CHECKPOINT} to have it trained again") from error
    for name, path in OTHERS.items():
        try:
            networks[name] = load_checkpoint(path, kinds=CLASSIFIERS)
        except (OSError, ValueError) as error:
            print(f"Starting without the {name} network: {error}: {REMEDY}", file=sys.stderr, flush=True)
    return networks


@cache  # Gradio's reloader runs app.py a second time as it starts; when a file changes it forgets this module
def shipped_page() -> Any:
    """The page over the shipped networks, a `gradio.Blocks`, built once."""
    return build_page(load_networks(), *load_mnist("test"), load_pairs(CHECKPOINT.parent))


def show(networks: Mapping[str, nn.Module | str | Path], *, block: bool | None = None, **options: Any) -> None:
    """`advdemo.show`."""
    shipped, test = load_networks(), load_mnist("test")
    guests: dict[str, tuple[nn.Module, dict[str, Any]]] = {}
    for name, network in networks.items():
        check_name(name)
        if isinstance(network, str | Path):
            network = load_checkpoint(network, kinds=CLASSIFIERS)[0]
        guest = adopt(network, f"the network {name!r}", pick_device())
        guests[name] = (guest, {"notes": look(name, guest, *test)})
    page = build_page(shipped | guests, *test, load_pairs(CHECKPOINT.parent))
    launch(page, block=not hasattr(sys, "ps1") if block is None else block, **options)


def check_name(name: object) -> None:
    """Raise ValueError unless a network can be called that on the page."""
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"a network's name must be a line of 1 to {LONGEST_NAME} characters, got {name!r}")
    if name in texts("en")["networks"]:  # what the page has words for
        raise ValueError(f"the name {name!r} is taken: call the network something else")


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """End the program with a sentence where Python would print a traceback; not its reloader, which goes on."""
    try:
        yield
    except (OSError, ValueError) as error:
        if threading.current_thread() is not threading.main_thread():
            raise
        sys.exit(f"Error: {error}")
    except MemoryError:
        sys.exit("Error: there is not enough memory: about 1 GB is needed, and 4 GB of address space (`ulimit -v`).")
    except KeyboardInterrupt:
        sys.exit(130)
