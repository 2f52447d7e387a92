"""Training LeNet: one loop over any recipe, one record an epoch.

The whole training set is one tensor on the device: no DataLoader, no copy back and forth within an epoch.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from advdemo.attack import check_images, check_labels
from advdemo.augment import augment
from advdemo.data import load_mnist
from advdemo.model import LeNet, confusion, freeze, pick_device, save_checkpoint
from advdemo.recipes import Recipe, pick_recipe

MIN_LEARNING_RATE = 1e-6  # of the plateau schedule, which ends there


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch did. Losses are mean cross-entropy in nats, accuracies in 0..1."""

    epoch: int  # from 1
    epochs: int
    seconds: float  # of this epoch
    learning_rate: float  # at its start
    train_loss: float  # over the epoch, on the distorted images the network saw
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    weights: dict[str, Tensor]  # a copy of the parameters, on the CPU


@dataclass(frozen=True)
class Step:
    """One batch is done, of `steps` in this epoch."""

    epoch: int  # from 1
    step: int  # from 1
    steps: int


def train(
    recipe: Recipe | str,
    images: Tensor,
    labels: Tensor,
    *,
    validation: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
    device: torch.device | None = None,
) -> Iterator[EpochRecord]:
    """Train a LeNet from scratch, yielding a record after each epoch; stop by no longer asking.

    Args:
        recipe: a name of RECIPES, or a Recipe.
        images: float32 (N, 1, 28, 28) in [0, 1]; labels: int64 (N,) in 0..9.
        validation: held-out images and labels, measured after each epoch.
        seed: decides initial weights, order and distortions: the same seed gives the same weights on the same device.
        device: None picks CUDA when there is one.

    Raises:
        ValueError: wrong recipe, shapes, pixels or labels.
    """
    events = stream(recipe, images, labels, validation=validation, seed=seed, device=device)
    return (event for event in events if isinstance(event, EpochRecord))


def stream(
    recipe: Recipe | str,
    images: Tensor,
    labels: Tensor,
    *,
    validation: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
    device: torch.device | None = None,
) -> Iterator[Step | EpochRecord]:
    """`train` with every step told, for progress bars and for stopping within an epoch."""
    recipe = pick_recipe(recipe) if isinstance(recipe, str) else recipe
    check_images(images)
    check_labels(labels, len(images))
    if validation is not None:
        check_images(validation[0])
        check_labels(validation[1], len(validation[0]))
    return _stream(recipe, images, labels, validation, seed, torch.device(device or pick_device()))


def _stream(
    recipe: Recipe,
    images: Tensor,
    labels: Tensor,
    validation: tuple[Tensor, Tensor] | None,
    seed: int,
    device: torch.device,
) -> Iterator[Step | EpochRecord]:
    images, labels = images.to(device), labels.to(device)
    generator = torch.Generator(device).manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LeNet().to(device)
    steps = -(-len(images) // recipe.batch_size)
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        nesterov=recipe.momentum > 0,
        weight_decay=recipe.weight_decay,
        fused=True,
    )
    one_cycle = plateau = None
    if recipe.schedule == "one-cycle":
        one_cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, recipe.learning_rate, total_steps=recipe.epochs * steps + 1, cycle_momentum=False
        )
    else:
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=0.5, patience=5, min_lr=MIN_LEARNING_RATE
        )
    for epoch in range(1, recipe.epochs + 1):
        started = time.perf_counter()
        loss_sum = torch.zeros((), device=device)
        correct = torch.zeros((), device=device)
        learning_rate = optimizer.param_groups[0]["lr"]
        order = torch.randperm(len(images), generator=generator, device=device)
        for step, chosen in enumerate(order.split(recipe.batch_size), start=1):
            batch, truth = images[chosen], labels[chosen]
            if recipe.augmented:
                batch = augment(batch, generator)
            logits = model(batch)
            loss = F.cross_entropy(logits, truth, label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if one_cycle is not None:
                one_cycle.step()
            loss_sum += loss.detach() * len(chosen)
            correct += (logits.argmax(1) == truth).sum()
            yield Step(epoch, step, steps)
        train_loss = loss_sum.item() / len(images)
        validation_loss, validation_accuracy = _evaluate(model, *validation) if validation else (None, None)
        if plateau is not None:
            plateau.step(train_loss if validation_loss is None else validation_loss)
        yield EpochRecord(
            epoch=epoch,
            epochs=recipe.epochs,
            seconds=time.perf_counter() - started,
            learning_rate=learning_rate,
            train_loss=train_loss,
            train_accuracy=correct.item() / len(images),
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            weights={name: value.detach().cpu().clone() for name, value in model.state_dict().items()},
        )
        if plateau is not None and learning_rate <= MIN_LEARNING_RATE:
            return


@torch.no_grad()
def _evaluate(model: LeNet, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """(mean cross-entropy in nats, accuracy in 0..1)"""
    device = next(model.parameters()).device
    logits = torch.cat([model(batch.to(device)) for batch in images.split(500)])
    truth = labels.to(device)
    return F.cross_entropy(logits, truth).item(), (logits.argmax(1) == truth).float().mean().item()


def train_checkpoint(
    path: Path | str,
    recipe: str = "default",
    *,
    overrides: dict[str, float | None] | None = None,
    seed: int = 0,
    holdout: int = 0,
    data_dir: Path | None = None,
    device: torch.device | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
    say: Callable[[str], None] = lambda line: None,
) -> dict:
    """Train on MNIST, measure once on the test images, and save weights and record to `path`: what the command line and
    the page's first start do.

    Args:
        path: of the checkpoint; its folder is made.
        recipe: a name of RECIPES; `overrides` replaces some of its fields.
        seed: as in `train`; it also decides which images are held out.
        holdout: training images kept out. With some, the epoch most accurate on them is saved; with none, the last.
        data_dir: as `root` of `load_mnist`.
        on_step: called after each batch.
        say: called with a line of text an epoch, and one at the end.

    A KeyboardInterrupt ends the training early and saves the best epoch so far; before the first has ended it is
    raised, and nothing is written.

    Returns:
        the record in the checkpoint: the recipe's name and fields, the `epoch` saved (of `epochs`), `test_accuracy` and
        `per_class_accuracy` in 0..1, `seconds` of training, the device and so on.

    Raises:
        ValueError: wrong recipe, overrides or holdout, or broken data.
        OSError: no data, or a path that cannot be written.
    """
    chosen = pick_recipe(recipe, **(overrides or {}))
    path, device = Path(path), device or pick_device()
    _check_writable(path)  # before the training, not after it
    images, labels = load_mnist("train", data_dir)
    test_images, truth = load_mnist("test", data_dir)
    if not 0 <= holdout < len(images):
        raise ValueError(f"holdout must be 0 to {len(images) - 1} of the {len(images)} training images, got {holdout}")
    validation = None
    if holdout:
        (images, labels), validation = hold_out(images, labels, holdout, seed)

    started = time.perf_counter()
    best = None
    try:
        for event in stream(chosen, images, labels, validation=validation, seed=seed, device=device):
            if isinstance(event, Step):
                on_step(event)
                continue
            if best is None or not holdout or event.validation_accuracy > best.validation_accuracy:
                best = event
            say(describe(event))
    except KeyboardInterrupt:
        if best is None:
            raise
    seconds = time.perf_counter() - started

    model = LeNet()
    model.load_state_dict(best.weights)
    freeze(model).to(device)
    counts = confusion(model, test_images, truth)
    record = {
        "recipe": recipe,
        **{key: value for key, value in asdict(chosen).items() if key != "about"},
        "epoch": best.epoch,
        "seed": seed,
        "holdout": holdout,
        "validation_accuracy": best.validation_accuracy,
        "test_accuracy": counts.trace().item() / len(truth),
        "per_class_accuracy": (counts.diagonal() / counts.sum(1)).tolist(),
        "seconds": round(seconds, 1),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "torch": torch.__version__,
    }
    save_checkpoint(model, path, record)
    say(f"saved epoch {best.epoch} of {best.epochs} to {path}: test accuracy {record['test_accuracy']:.2%}")
    return record


def hold_out(
    images: Tensor, labels: Tensor, count: int, seed: int
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """((images, labels) to train on, (images, labels) held out): the last `count` of a shuffle decided by `seed`."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    kept, held_out = order[:-count], order[-count:]
    return (images[kept], labels[kept]), (images[held_out], labels[held_out])


def describe(epoch: EpochRecord) -> str:
    """The record in one line."""
    validation = "" if epoch.validation_accuracy is None else f"  validation {epoch.validation_accuracy:.2%}"
    return (
        f"epoch {epoch.epoch:>{len(str(epoch.epochs))}}/{epoch.epochs}  {epoch.seconds:5.1f} s  "
        f"loss {epoch.train_loss:.4f}  training {epoch.train_accuracy:.2%}{validation}"
    )


def _check_writable(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path.parent} cannot be written to: choose another folder")
