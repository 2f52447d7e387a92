"""The training loop itself: one for every recipe.

The whole training set is one tensor on the device: no DataLoader, no copy back and forth within an epoch. Losses and
accuracies are read once an epoch, from the logits of its steps: reading them at each step would stall the device.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from advdemo import shipped
from advdemo.attacks.pgd import pgd
from advdemo.images.augment import augment
from advdemo.networks.checkpoint import CLASSIFIERS, load_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.training import certified
from advdemo.training.recipes import Recipe

MIN_LEARNING_RATE = 1e-6  # of the plateau schedule, which ends there
LAST_SHARE = 0.003  # of the learning rate, at the end of the late-cosine schedule
FIRST_STEPS = 300  # over which that schedule reaches the learning rate


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch did. Losses are mean cross-entropy in nats, accuracies in 0..1."""

    epoch: int  # from 1
    epochs: int
    seconds: float  # of this epoch
    learning_rate: float  # at its start
    train_loss: float  # over the epoch, on the distorted or attacked images the network saw
    train_accuracy: float
    validation_loss: float | None  # on held-out images; with an epsilon, under attack, or the certified bound
    validation_accuracy: float | None
    weights: dict[str, Tensor]  # a copy of the parameters, on the CPU


@dataclass(frozen=True)
class Step:
    """One batch is done, of `steps` in this epoch."""

    epoch: int  # from 1
    step: int  # from 1
    steps: int


def loop(
    recipe: Recipe,
    images: Tensor,
    labels: Tensor,
    validation: tuple[Tensor, Tensor] | None,
    seed: int,
    device: torch.device,
    until: float,
) -> Iterator[Step | EpochRecord]:
    """Train a LeNet on inputs already checked; see `advdemo.training.train.train_steps`."""
    images, labels = images.to(device), labels.to(device)
    training = _Training(recipe, len(images), seed, device)
    for epoch in range(1, recipe.epochs + 1):
        started = time.perf_counter()
        learning_rate = training.learning_rate
        order = torch.randperm(len(images), generator=training.generator, device=device)
        logits = []
        batches = order.split(recipe.batch_size)
        for step, batch in enumerate(batches, start=1):
            done = (epoch - 1 + (step - 1) / len(batches)) / recipe.epochs
            logits.append(training.step(images[batch], labels[batch], done))
            yield Step(epoch, step, len(batches))
            if time.perf_counter() > until:
                break
        seen = torch.cat(logits)
        train_loss, train_accuracy = _measure(seen, labels[order[: len(seen)]])
        validation_loss = validation_accuracy = None
        if validation is not None:
            validation_loss, validation_accuracy = _evaluate(training.judged, *validation, recipe)
        training.end_epoch(train_loss if validation_loss is None else validation_loss)
        yield EpochRecord(
            epoch=epoch,
            epochs=recipe.epochs,
            seconds=time.perf_counter() - started,
            learning_rate=learning_rate,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            weights={name: value.detach().cpu().clone() for name, value in training.judged.state_dict().items()},
        )
        finished = training.plateau is not None and learning_rate <= MIN_LEARNING_RATE
        if finished or time.perf_counter() > until:
            return


class _Training:
    """What lasts from one step to the next: the network, its average, optimizer and schedule, the random numbers."""

    judged: nn.Module

    def __init__(self, recipe: Recipe, count: int, seed: int, device: torch.device) -> None:
        self.recipe = recipe
        self.generator = torch.Generator(device).manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = FastLeNet().to(device)
        if recipe.start is not None:
            started, _ = load_checkpoint(shipped(f"{recipe.start}.safetensors"), device, CLASSIFIERS)
            self.network.load_state_dict(started.state_dict())
        average = get_ema_multi_avg_fn(recipe.averaging) if recipe.averaging else None
        self.averaged = AveragedModel(self.network, multi_avg_fn=average) if average else None
        self.judged = self.averaged.module if self.averaged else self.network
        self.optimizer = _optimizer(recipe, self.network)
        self.each_step: torch.optim.lr_scheduler.LRScheduler | None = None
        self.plateau: torch.optim.lr_scheduler.ReduceLROnPlateau | None = None
        steps = recipe.epochs * -(-count // recipe.batch_size)
        if recipe.schedule == "one-cycle":
            self.each_step = torch.optim.lr_scheduler.OneCycleLR(
                self.optimizer, recipe.learning_rate, total_steps=steps + 1, cycle_momentum=False
            )
        elif recipe.schedule == "late-cosine":
            share = partial(_late_cosine, steps=steps, flat=recipe.warm_up)
            self.each_step = torch.optim.lr_scheduler.LambdaLR(self.optimizer, share)
        else:
            self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
                self.optimizer, factor=0.5, patience=5, min_lr=MIN_LEARNING_RATE
            )

    @property
    def learning_rate(self) -> float:
        return self.optimizer.param_groups[0]["lr"]

    def step(self, images: Tensor, labels: Tensor, done: float) -> Tensor:
        """Learn from one batch when `done`, in 0..1, of the training is over; the logits (N, 10), or worst logits, that
        it gave."""
        recipe = self.recipe
        grown = min(1.0, done / recipe.warm_up) if recipe.warm_up else 1.0
        if recipe.augmented:
            images = augment(images, self.generator)
        if recipe.certified:
            logits = certified.worst_logits(self.network, images, labels, recipe.epsilon * grown**certified.GROWTH)
        else:
            if recipe.epsilon:
                epsilon = recipe.epsilon * grown
                images = _attack(self.network, images, labels, epsilon, recipe.attack_steps, self.generator)
            logits = self.network(images)
        loss = F.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
        if recipe.certified and recipe.clean:
            loss = (1 - recipe.clean) * loss + recipe.clean * F.cross_entropy(self.network(images), labels)
        self.optimizer.zero_grad()
        loss.backward()
        if recipe.certified:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), certified.LARGEST_GRADIENT)
        self.optimizer.step()
        if self.each_step is not None:
            self.each_step.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.network)
        return logits.detach()

    def end_epoch(self, loss: float) -> None:
        """Tell the schedule how the epoch went."""
        if self.plateau is not None:
            self.plateau.step(loss)


def _optimizer(recipe: Recipe, model: FastLeNet) -> torch.optim.Optimizer:
    shared: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(model.parameters(), **shared)
    return torch.optim.SGD(model.parameters(), momentum=recipe.momentum, nesterov=recipe.momentum > 0, **shared)


def _late_cosine(step: int, *, steps: int, flat: float) -> float:
    """The share of the learning rate at a step: all of it until `flat` of the training is over, while epsilon grows,
    then down along a cosine."""
    down = max(0.0, step / steps - flat) / max(1e-9, 1 - flat)
    return min(1.0, (step + 1) / FIRST_STEPS) * max(LAST_SHARE, (1 + math.cos(math.pi * min(1.0, down))) / 2)


def _attack(
    model: nn.Module, images: Tensor, labels: Tensor, epsilon: float, steps: int, generator: torch.Generator
) -> Tensor:
    model.requires_grad_(False)  # PGD wants the gradients of the pixels alone
    attacked = pgd(model, images, labels, epsilon, steps=steps, random_start=True, generator=generator)
    model.requires_grad_(True)
    return attacked


def _evaluate(model: nn.Module, images: Tensor, labels: Tensor, recipe: Recipe) -> tuple[float, float]:
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(0)  # the same random starts after every epoch
    logits = []
    for batch, truth in zip(images.to(device).split(500), labels.to(device).split(500), strict=True):
        if recipe.epsilon and not recipe.certified:
            batch = _attack(model, batch, truth, recipe.epsilon, recipe.attack_steps, generator)
        with torch.no_grad():
            worst = partial(certified.worst_logits, model, batch, truth, recipe.epsilon)
            logits.append(worst() if recipe.certified else model(batch))
    return _measure(torch.cat(logits), labels.to(device))


def _measure(logits: Tensor, labels: Tensor) -> tuple[float, float]:
    """(mean cross-entropy in nats, accuracy in 0..1)"""
    return F.cross_entropy(logits, labels).item(), (logits.argmax(1) == labels).float().mean().item()
