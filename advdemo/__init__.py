"""Adversarial examples on MNIST: LeNet, FGSM, the whole epsilon range at once.

from advdemo import shipped
from advdemo.images.mnist import load_mnist
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import load_checkpoint

network, record = load_checkpoint(shipped("lenet.safetensors"))
print(sweep(network, *load_mnist("test")).accuracies)

`advdemo.show({"mine": network})` opens the page with a network of your own.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

# Of MNIST, for every folder below this one.
IMAGE_SHAPE = (1, 28, 28)
CLASSES = 10
MEAN, STD = 0.1307, 0.3081  # of the training pixels, in [0, 1]

NETWORKS = {  # the shipped ones, by the names that page, API and command line know them by
    "standard": "lenet.safetensors",
    "robust": "lenet-robust.safetensors",
    "certified": "lenet-certified.safetensors",
}


def shipped(name: str) -> Path:
    """Where a file of checkpoints/ lies: inside the package once it is installed, beside it in the repository."""
    package = Path(__file__).parent
    installed = package / "checkpoints"
    return (installed if installed.is_dir() else package.with_name("checkpoints")) / name


def show(networks: Mapping[str, Any], *, block: bool | None = None, **options: Any) -> None:
    """Open the page with networks of your own beside the shipped ones, in every tab that asks for a network.

    Args:
        networks: by the names that the page is to show, of 1 to 40 characters. Each is any `nn.Module` from pixels,
            float32 (N, 1, 28, 28) in [0, 1], to logits (N, 10), or the path of a LeNet's checkpoint. The page uses a
            frozen copy in eval mode; proofs, which know LeNet's layers alone, are for a LeNet only. Each is tried on
            1,000 test images first, and what is odd about it is said.
        block: whether to wait until interrupted; None waits in programs but not in notebooks and at prompts.
        options: of Gradio's `launch`, such as `inbrowser=True`.

    Raises:
        ValueError: a name that cannot be used, or a network that has other shapes, values that are
            not finite or no gradients.
        OSError: the port that GRADIO_SERVER_PORT names is taken.
    """
    # The page and torch only for those who want them, and by name: to mypy everything would be in one circle.
    import_module("advdemo.serve").show(networks, block=block, **options)
