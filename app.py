"""Start the demo: `python app.py`, then open http://127.0.0.1:7860."""

from pathlib import Path

from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.training.train import train_checkpoint
from advdemo.ui.page import build_page, launch

CHECKPOINT = Path(__file__).parent / "checkpoints" / "lenet.safetensors"
ROBUST_CHECKPOINT = CHECKPOINT.with_name("lenet-robust.safetensors")

if __name__ == "__main__":
    if not CHECKPOINT.exists():
        print(f"No checkpoint at {CHECKPOINT}: training one first, about three minutes on two CPU cores.", flush=True)
        train_checkpoint(CHECKPOINT, say=print)
    networks = {"standard": load_checkpoint(CHECKPOINT)}
    if ROBUST_CHECKPOINT.exists():
        networks["robust"] = load_checkpoint(ROBUST_CHECKPOINT)
    launch(build_page(networks, *load_mnist("test")))
