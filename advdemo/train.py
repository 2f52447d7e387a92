"""Training LeNet: recipes as data, one loop, one record an epoch.

The whole training set is one tensor on the device: no DataLoader, no copy back and forth within an epoch.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from advdemo.attack import check_images, check_labels
from advdemo.augment import augment
from advdemo.model import LeNet, pick_device


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a model is trained, but for the seed."""

    epochs: int
    batch_size: int
    learning_rate: float  # one-cycle: its peak
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: Literal["one-cycle", "plateau"] = "one-cycle"
    augmented: bool = True


RECIPES = {
    "default": Recipe(epochs=40, batch_size=128, learning_rate=0.1),
}


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch did. Losses are mean cross-entropy in nats, accuracies in 0..1."""

    epoch: int  # from 1
    epochs: int
    seconds: float  # of this epoch
    learning_rate: float  # at its end
    train_loss: float  # over the epoch, on the distorted images the network saw
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    weights: dict[str, Tensor]  # a copy of the parameters, on the CPU


def pick_recipe(name: str, **overrides: float | int | None) -> Recipe:
    """The named recipe with some of its fields replaced (None keeps one). ValueError for a name or value that will
    not do."""
    if name not in RECIPES:
        raise ValueError(f"unknown recipe {name!r}: choose one of {', '.join(RECIPES)}")
    recipe = replace(RECIPES[name], **{key: value for key, value in overrides.items() if value is not None})
    if not 1 <= recipe.epochs <= 1000:
        raise ValueError(f"epochs must be 1 to 1000, got {recipe.epochs}")
    if not 1 <= recipe.batch_size <= 60_000:
        raise ValueError(f"batch_size must be 1 to 60000, got {recipe.batch_size}")
    if not 0 < recipe.learning_rate <= 10:
        raise ValueError(f"learning_rate must be above 0 and at most 10, got {recipe.learning_rate}")
    return recipe


def train(
    recipe: Recipe | str,
    images: Tensor,
    labels: Tensor,
    *,
    validation: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
    device: torch.device | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Iterator[EpochRecord]:
    """Train a LeNet from scratch, yielding a record after each epoch; stop by no longer asking.

    Args:
        recipe: a name of RECIPES, or a Recipe.
        images: float32 (N, 1, 28, 28) in [0, 1]; labels: int64 (N,) in 0..9.
        validation: held-out images and labels, measured after each epoch.
        seed: decides initial weights, order and distortions: the same seed gives the same weights on the same device.
        device: None picks CUDA when there is one.
        on_step: called with (step, steps) during an epoch.

    Raises:
        ValueError: wrong recipe, shapes, pixels or labels.
    """
    recipe = pick_recipe(recipe) if isinstance(recipe, str) else recipe
    check_images(images)
    check_labels(labels, len(images))
    return _train(recipe, images, labels, validation, seed, device or pick_device(), on_step)


def _train(recipe, images, labels, validation, seed, device, on_step) -> Iterator[EpochRecord]:
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
        nesterov=True,
        weight_decay=recipe.weight_decay,
        fused=True,
    )
    one_cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=recipe.epochs * steps + 1, cycle_momentum=False
    )
    for epoch in range(1, recipe.epochs + 1):
        started = time.perf_counter()
        loss_sum = torch.zeros((), device=device)
        correct = torch.zeros((), device=device)
        order = torch.randperm(len(images), generator=generator, device=device)
        for step, chosen in enumerate(order.split(recipe.batch_size), start=1):
            batch, truth = images[chosen], labels[chosen]
            if recipe.augmented:
                batch = augment(batch, generator)
            logits = model(batch)
            loss = F.cross_entropy(logits, truth)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            one_cycle.step()
            loss_sum += loss.detach() * len(chosen)
            correct += (logits.argmax(1) == truth).sum()
            if on_step is not None:
                on_step(step, steps)
        measured = _evaluate(model, *validation) if validation else (None, None)
        yield EpochRecord(
            epoch=epoch,
            epochs=recipe.epochs,
            seconds=time.perf_counter() - started,
            learning_rate=optimizer.param_groups[0]["lr"],
            train_loss=loss_sum.item() / len(images),
            train_accuracy=correct.item() / len(images),
            validation_loss=measured[0],
            validation_accuracy=measured[1],
            weights={name: value.detach().cpu().clone() for name, value in model.state_dict().items()},
        )


@torch.no_grad()
def _evaluate(model: LeNet, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """(mean cross-entropy in nats, accuracy in 0..1)"""
    device = next(model.parameters()).device
    logits = torch.cat([model(batch.to(device)) for batch in images.split(500)])
    truth = labels.to(device)
    return F.cross_entropy(logits, truth).item(), (logits.argmax(1) == truth).float().mean().item()
