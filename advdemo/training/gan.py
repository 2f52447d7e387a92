"""The GAN's game: a generator learns to draw digits, a discriminator learns to tell them from real ones.

Goodfellow et al., 2014, "Generative adversarial nets", with the non-saturating loss. What makes it steady on a CPU: the
R1 penalty on the discriminator's gradient at real digits (Mescheder et al., 2018), a running mean of the generator's
weights, which is what is judged and kept, and learning rates that fall to almost nothing.
"""

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo import CLASSES
from advdemo.attacks.inputs import check_images, check_labels
from advdemo.networks.discriminator import Discriminator
from advdemo.networks.generator import LATENT, Generator
from advdemo.networks.predict import pick_device

Learner = Literal["both", "generator", "discriminator"]
CALIBRATION = 20_000  # digits over which the kept generator's batch norms are measured


@dataclass(frozen=True)
class GanRecipe:
    """Everything that decides how the pair is trained, but for the seed."""

    epochs: int = 45
    batch_size: int = 64
    learning_rate: float = 5e-4
    betas: tuple[float, float] = (0.5, 0.99)  # of Adam
    falling: float = 0.6  # the last share of the training, in which the learning rates fall
    penalty: float = 0.05  # weight of R1
    penalty_every: int = 8  # steps
    averaging: float = 0.999  # decay of the running mean of the generator
    forger_steps: int = 1  # of the generator to one of the discriminator


# For a game to watch: legible digits within a quarter of a minute on one CPU core, where the whole training
# would take three times as long and get further.
LIVE = GanRecipe(batch_size=32, learning_rate=2e-3, falling=0.0)


@dataclass(frozen=True)
class Turn:
    """What one step showed: mean probabilities of being real, by the discriminator, before it learnt."""

    real: float  # of real digits; theory promises that both end at one half
    fake: float  # of generated ones


@dataclass(frozen=True)
class GanEpoch:
    """What one epoch did."""

    epoch: int  # from 1
    epochs: int
    seconds: float
    real: float  # means over the epoch's steps, as in Turn
    fake: float


class Game:
    """The two players and all that lasts between their turns; `state` and `resume` put it down and take it up again."""

    def __init__(self, recipe: GanRecipe, seed: int, device: torch.device) -> None:
        self.recipe = recipe
        self.random = torch.Generator(device).manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator, self.discriminator = Generator().to(device), Discriminator().to(device)
        self.averaged = copy.deepcopy(self.generator).requires_grad_(False)
        options: dict[str, Any] = {"lr": recipe.learning_rate, "betas": recipe.betas, "fused": True}
        self.forging = torch.optim.Adam(self.generator.parameters(), **options)
        self.detecting = torch.optim.Adam(self.discriminator.parameters(), **options)
        self.steps = 0
        self.epochs = 0  # whole ones, played by `train_gan`

    def step(self, images: Tensor, digits: Tensor, *, who: Learner = "both", done: float = 0.0) -> Turn:
        """One turn with a batch of real digits, float32 (N, 1, 28, 28), and their classes, int64 (N,). `who` learns
        from it; `done`, in 0..1, is the share of the training that is over. ValueError for another `who`."""
        if who not in get_args(Learner):
            raise ValueError(f"who must be one of {', '.join(get_args(Learner))}, got {who!r}")
        fall = min(1.0, (1.0 - done) / self.recipe.falling) if self.recipe.falling else 1.0
        for optimizer in (self.forging, self.detecting):
            optimizer.param_groups[0]["lr"] = self.recipe.learning_rate * max(fall, 0.02)
        turn = self._detect(images, digits, learn=who != "generator")
        if who != "discriminator":
            for _ in range(self.recipe.forger_steps):
                self._forge(len(images))
        self.steps += 1
        return turn

    def _detect(self, images: Tensor, digits: Tensor, *, learn: bool) -> Turn:
        latents, classes = self._latents(len(images))
        with torch.no_grad():
            forgeries = self.generator(latents, classes)
        penalised = learn and self.steps % self.recipe.penalty_every == 0
        images = images.detach().requires_grad_(penalised)
        with torch.set_grad_enabled(learn):
            real, fake = self.discriminator(images, digits), self.discriminator(forgeries, classes)
            loss = F.softplus(-real).mean() + F.softplus(fake).mean()
            if penalised:
                (slope,) = torch.autograd.grad(real.sum(), images, create_graph=True)
                weight = self.recipe.penalty / 2 * self.recipe.penalty_every
                loss = loss + weight * slope.square().sum((1, 2, 3)).mean()
        if learn:
            self.detecting.zero_grad()
            loss.backward()
            self.detecting.step()
        return Turn(real.detach().sigmoid().mean().item(), fake.detach().sigmoid().mean().item())

    def _forge(self, count: int) -> None:
        latents, classes = self._latents(count)
        self.discriminator.requires_grad_(False)
        loss = F.softplus(-self.discriminator(self.generator(latents, classes), classes)).mean()
        self.forging.zero_grad()
        loss.backward()
        self.forging.step()
        self.discriminator.requires_grad_(True)
        # At first the mean follows quickly: the earliest weights are noise.
        decay = min(self.recipe.averaging, (2 + self.steps) / (11 + self.steps))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.generator.parameters()), 1 - decay)

    def _latents(self, count: int) -> tuple[Tensor, Tensor]:
        device = self.random.device
        latents = torch.randn(count, LATENT, generator=self.random, device=device)
        return latents, torch.randint(CLASSES, (count,), generator=self.random, device=device)

    def take(self, generator: Generator, discriminator: Discriminator, steps: int) -> None:
        """Go on from a pair that has played so many steps. What Adam knew of it is lost."""
        for network in (self.generator, self.averaged):
            network.load_state_dict(generator.state_dict())
        self.discriminator.load_state_dict(discriminator.state_dict())
        self.steps = steps

    @torch.no_grad()
    def kept_generator(self) -> Generator:
        """A copy of the averaged generator in eval mode, its batch norms measured on its own digits."""
        generator = copy.deepcopy(self.averaged).train()
        for layer in generator.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.reset_running_stats()
                layer.momentum = None  # a plain mean over what follows
        random = torch.Generator().manual_seed(0)
        device = self.random.device
        for _ in range(CALIBRATION // 500):
            latents = torch.randn(500, LATENT, generator=random)
            generator(latents.to(device), torch.randint(CLASSES, (500,), generator=random).to(device))
        return generator.eval()

    def state(self) -> dict[str, Tensor]:
        """All that changes as the game goes on, by name: weights, Adam's means, the random numbers' state, counts."""
        state = {"random": self.random.get_state(), "counts": torch.tensor([self.steps, self.epochs])}
        for name, network in self._networks().items():
            state |= {f"{name}.{key}": value for key, value in network.state_dict().items()}
        for name, optimizer in self._optimizers().items():
            for index, means in optimizer.state_dict()["state"].items():
                state |= {f"{name}.{index}.{key}": value for key, value in means.items()}
        return state

    def resume(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` returned, exactly as if there had been no pause; from a game of the same recipe."""
        self.random.set_state(state["random"].cpu())
        self.steps, self.epochs = state["counts"].tolist()
        for name, network in self._networks().items():
            network.load_state_dict(_under(name, state))
        for name, optimizer in self._optimizers().items():
            means: dict[int, dict[str, Tensor]] = {}
            for key, value in _under(name, state).items():
                index, of_adam = key.split(".")
                means.setdefault(int(index), {})[of_adam] = value
            optimizer.load_state_dict({"state": means, "param_groups": optimizer.state_dict()["param_groups"]})

    def _networks(self) -> dict[str, nn.Module]:
        return {"generator": self.generator, "discriminator": self.discriminator, "averaged": self.averaged}

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"forging": self.forging, "detecting": self.detecting}


def _under(name: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What is called `name.`something, without the `name.`"""
    return {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}


def train_gan(
    recipe: GanRecipe,
    images: Tensor,
    labels: Tensor,
    *,
    seed: int = 0,
    device: torch.device | None = None,
    resumed: dict[str, Tensor] | None = None,
) -> Iterator[tuple[Game, Turn | GanEpoch]]:
    """Play the game on float32 images (N, 1, 28, 28) in [0, 1] and int64 labels (N,): the game and each step's Turn,
    and after each pass over the images a GanEpoch; stop by no longer asking. The same seed gives the same weights on
    the same device, also when `resumed`, the game's `state` after one of its epochs, takes it up there. ValueError for
    wrong shapes, pixels or labels."""
    images = check_images(images)
    check_labels(labels, len(images))
    device = torch.device(device or pick_device())
    images, labels = images.to(device), labels.to(device)
    game = Game(recipe, seed, device)
    if resumed:
        game.resume(resumed)
    for epoch in range(game.epochs + 1, recipe.epochs + 1):
        started = time.perf_counter()
        order = torch.randperm(len(images), generator=game.random, device=device)
        batches = order.split(recipe.batch_size)
        turns = []
        for step, batch in enumerate(batches):
            done = (epoch - 1 + step / len(batches)) / recipe.epochs
            turns.append(game.step(images[batch], labels[batch], done=done))
            yield game, turns[-1]
        game.epochs = epoch
        seconds = time.perf_counter() - started
        real, fake = (sum(getattr(turn, name) for turn in turns) / len(turns) for name in ("real", "fake"))
        yield game, GanEpoch(epoch, recipe.epochs, seconds, real, fake)
