"""Start the demo: `python app.py`, then open http://127.0.0.1:7860."""

from pathlib import Path

from advdemo.data import load_mnist
from advdemo.model import load_checkpoint
from advdemo.train import train_checkpoint
from advdemo.ui.page import build_page, launch

CHECKPOINT = Path(__file__).parent / "checkpoints" / "lenet.safetensors"

if __name__ == "__main__":
    if not CHECKPOINT.exists():
        print(f"No checkpoint at {CHECKPOINT}: training one first, about three minutes on two CPU cores.", flush=True)
        train_checkpoint(CHECKPOINT, say=print)
    launch(build_page(*load_checkpoint(CHECKPOINT), *load_mnist("test")))
