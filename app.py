"""Start the demo: `python app.py`, then open http://127.0.0.1:7860."""

import sys
from pathlib import Path

from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.training.train import train_checkpoint
from advdemo.ui.forger import load_pairs
from advdemo.ui.page import build_page, launch

CHECKPOINT = Path(__file__).parent / "checkpoints" / "lenet.safetensors"
OTHERS = {name: CHECKPOINT.with_name(f"lenet-{name}.safetensors") for name in ("robust", "certified")}
REMEDY = "restore it with `git checkout -- checkpoints`"


def load_networks() -> dict:
    """The networks and their records by name, without the others whose files are missing or broken."""
    if not CHECKPOINT.exists():
        print(f"No checkpoint at {CHECKPOINT}: training one first, about three minutes on two CPU cores.", flush=True)
        train_checkpoint(CHECKPOINT, say=print)
    try:
        networks = {"standard": load_checkpoint(CHECKPOINT)}
    except ValueError as error:
        raise ValueError(f"{error}: {REMEDY}, or delete {CHECKPOINT} to have it trained again") from error
    for name, path in OTHERS.items():
        try:
            networks[name] = load_checkpoint(path)
        except (OSError, ValueError) as error:
            print(f"Starting without the {name} network: {error}: {REMEDY}", file=sys.stderr, flush=True)
    return networks


if __name__ == "__main__":
    try:
        launch(build_page(load_networks(), *load_mnist("test"), load_pairs(CHECKPOINT.parent)))
    except (OSError, ValueError) as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
