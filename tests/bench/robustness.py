"""How robust the shipped networks are: `python -m tests.bench.robustness`, some forty minutes on two CPU cores, fifteen
of them for the one that rounds its pixels.

At epsilon 0.3, on the 10,000 test images: no attack, FGSM, PGD with 40 steps of 0.01 from five random starts, BPDA on
the network that rounds its pixels (on the others it is PGD), MI-FGSM, and what no attack can change: the images that
intervals or CROWN prove.

On the first 200 of them: how many pixels must be turned over, black or white, until half are misread.

On the first 1,000: the Square attack with 1,000 queries, and AutoAttack's standard ensemble (APGD-CE, targeted
APGD-DLR, targeted FAB, Square with 5,000 queries; Croce and Hein, 2020) as implemented by torchattacks, which had no
part in the training (`pip install --no-deps torchattacks==3.5.1`). Every result of AutoAttack is checked for
|x' - x| <= epsilon and the pixel range before it counts.

    python -m tests.bench.robustness --write    # also puts the figures into the checkpoints' records
    python -m tests.bench.robustness checkpoints/lenet.safetensors --binarise   # it behind rounded pixels, alone
"""

import argparse
import time
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from advdemo.attacks import PGD, Square, few_pixels
from advdemo.images.mnist import load_mnist
from advdemo.measures.bounds import certified_stream
from advdemo.measures.sweep import sweep
from advdemo.networks.binarised import Binarised
from advdemo.networks.checkpoint import load_checkpoint, save_checkpoint
from advdemo.networks.predict import accuracy, pick_device
from tests.conftest import CERTIFIED_CHECKPOINT, CHECKPOINT, ROBUST_CHECKPOINT

SHIPPED = [CHECKPOINT, ROBUST_CHECKPOINT, CERTIFIED_CHECKPOINT]
COMMAND = "python -m tests.bench.robustness"
EPSILON = 0.3
PGD_SETTINGS = PGD(steps=40, step_size=0.01, random_start=True, restarts=5)
SQUARE_SETTINGS = Square(queries=1000)
AUTOATTACK_IMAGES = 1000
PIXEL_IMAGES = 200
MOST = 784  # pixels; where the search gives up it is more than half need


def autoattack(model: nn.Module, images: Tensor, labels: Tensor, *, batch_size: int = 250) -> Tensor:
    """Adversarial images of AutoAttack's standard version. Its attacks run one after another on what is left."""
    from torchattacks import AutoAttack

    attack = AutoAttack(model, norm="Linf", eps=EPSILON, version="standard", n_classes=10, seed=0)
    batches = zip(images.split(batch_size), labels.split(batch_size), strict=True)
    return torch.cat([attack(batch, truth) for batch, truth in batches])


def check(images: Tensor, attacked: Tensor) -> None:
    difference = (attacked - images).abs().max().item()
    if not (difference <= EPSILON + 1e-5 and attacked.min() >= 0 and attacked.max() <= 1):
        raise SystemExit(f"not within epsilon or the pixel range: largest difference {difference}")


def measure(model: nn.Module, images: Tensor, labels: Tensor, autoattack_images: int = AUTOATTACK_IMAGES) -> dict:
    """Accuracies in 0..1, by attack."""
    figures = {"command": COMMAND, "epsilon": EPSILON, "clean": round(accuracy(model, images, labels), 4)}
    figures["fgsm"] = float(sweep(model, images, labels, [EPSILON]).accuracies[0])
    figures["pgd"] = float(sweep(model, images, labels, [EPSILON], attack=PGD_SETTINGS).accuracies[0])
    if isinstance(model, Binarised):
        figures["bpda"] = float(sweep(model, images, labels, [EPSILON], attack="bpda").accuracies[0])
    figures["momentum"] = float(sweep(model, images, labels, [EPSILON], attack="momentum").accuracies[0])
    *_, proved = certified_stream(model, images, labels, [EPSILON], method="crown")
    figures["certified"] = float(proved.accuracies[0])
    images, labels = images[:autoattack_images], labels[:autoattack_images]
    figures |= {"pixels": median_pixels(model, images[:PIXEL_IMAGES], labels), "pixels_images": PIXEL_IMAGES}
    figures["square"] = float(sweep(model, images, labels, [EPSILON], attack=SQUARE_SETTINGS).accuracies[0])
    attacked = autoattack(model, images, labels)
    check(images, attacked)
    figures |= {"autoattack": round(accuracy(model, attacked, labels), 4), "autoattack_images": len(images)}
    return figures


def median_pixels(model: nn.Module, images: Tensor, labels: Tensor) -> int:
    """How many pixels must be turned over at will until half of the images are misread; another threat model."""
    counts = [few_pixels(model, image, int(label))[1] for image, label in zip(images, labels, strict=False)]
    return sorted(MOST if count is None else count for count in counts)[len(counts) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path, nargs="*", default=SHIPPED)
    parser.add_argument("--autoattack-images", type=int, default=AUTOATTACK_IMAGES)
    parser.add_argument("--binarise", action="store_true", help="measure the first one behind rounded pixels, alone")
    parser.add_argument("--write", action="store_true", help="put the figures into the checkpoints' records")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    device = pick_device()
    images, labels = (tensor.to(device) for tensor in load_mnist("test"))
    first = options.checkpoints[0]
    plain = [] if options.binarise else [(path, False) for path in options.checkpoints]
    for path, binarise in [*plain, (first, True)]:
        started = time.perf_counter()
        model, record = load_checkpoint(path, device)
        measured = Binarised(model) if binarise else model
        figures = {"robustness": measure(measured, images, labels, options.autoattack_images)}
        name = f"{path.name}, binarised" if binarise else path.name
        print(f"{name}: {figures} in {time.perf_counter() - started:.0f} s", flush=True)
        if options.write:
            save_checkpoint(model, path, record | ({"binarised": figures} if binarise else figures))


if __name__ == "__main__":
    main()
