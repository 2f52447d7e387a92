"""What `tests.bench.cuda` compares: the same networks on the CPU and on CUDA."""

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load
from torch import Tensor, nn

from advdemo import MEAN, STD
from advdemo.attacks import ATTACKS, Settings, gradient_sign, make_settings
from advdemo.float32 import allow_tf32
from advdemo.images.mnist import load_mnist
from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.scan import scan
from advdemo.measures.sweep import CUDA_BATCH, sweep
from advdemo.networks.checkpoint import load_checkpoint, pack_checkpoint
from advdemo.networks.intervals import Affine, hidden_bounds, margins, pixel_box
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, freeze
from advdemo.training.advgan import AdvGANRecipe, train_perturber
from advdemo.training.gan import Game, GanRecipe
from advdemo.training.recipes import RECIPES
from advdemo.training.train import train

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
NETWORKS = {"standard": "lenet", "robust": "lenet-robust", "certified": "lenet-certified"}
CPU, CUDA = torch.device("cpu"), torch.device("cuda")
EPSILON = 0.2  # of the attacks
NEVER = 1.0  # in place of the smallest epsilon that fools, where none does
CROWN_EPSILON = 0.02  # where CROWN proves some images of the standard network and not others


@dataclass(frozen=True)
class Sizes:
    """How much is compared and timed."""

    images: int = 10_000
    attacked: int = 200  # images, of attacks and scans
    proofs: int = 100
    queries: int = 1000  # of Square and RayS
    steps: int = 40  # of PGD
    training: int = 60_000  # images of the timed epochs
    runs: int = 20


class Comparison:
    """The networks on both devices and the images; each public method is a part of the bench, figures by their
    names."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.images, self.labels = (part[: sizes.images] for part in load_mnist("test"))
        self.networks = {
            name: {device: load_checkpoint(CHECKPOINTS / f"{file}.safetensors", device)[0] for device in (CPU, CUDA)}
            for name, file in NETWORKS.items()
        }

    def some(self, count: int, device: torch.device) -> tuple[Tensor, Tensor]:
        return self.images[:count].to(device), self.labels[:count].to(device)

    def settings(self, attack: str) -> Settings:
        given = {"queries": self.sizes.queries, "steps": self.sizes.steps}
        wanted = {"square": ["queries"], "rays": ["queries"], "pgd": ["steps"], "bpda": ["steps"]}.get(attack, [])
        return make_settings(attack, **{key: given[key] for key in wanted})

    def machine(self) -> dict:
        card, backends = torch.cuda.get_device_properties(CUDA), torch.backends
        return {
            "card": torch.cuda.get_device_name(CUDA),
            "memory, GB": round(card.total_memory / 1e9, 1),
            "capability": ".".join(map(str, torch.cuda.get_device_capability(CUDA))),
            "versions": {
                "Python": platform.python_version(),
                "torch": torch.__version__,
                "CUDA": torch.version.cuda,
                "cuDNN": backends.cudnn.version(),
            },
            "flags": {
                "TF32 in convolutions": backends.cudnn.allow_tf32,
                "TF32 in products": backends.cuda.matmul.allow_tf32,
                "deterministic": backends.cudnn.deterministic,
                "benchmark": backends.cudnn.benchmark,
            },
        }

    def agreement(self) -> dict:
        """What differs from the CPU's: shares of signs and of smallest epsilons, the largest differences of these, of
        logits and of an accuracy in the sweep."""
        found: dict[str, dict] = {}
        for name, networks in self.networks.items():
            expected, found[name] = self._seen(networks[CPU], CPU), {}
            for mode, allowed in (("float32", False), ("TF32", True)):
                with tf32(allowed):
                    signs, flips, logits, accuracies = self._seen(networks[CUDA], CUDA)
                found[name][mode] = {
                    "signs that differ": (signs != expected[0]).mean(),
                    "smallest epsilons that differ": (~np.isclose(flips, expected[1], rtol=0)).mean(),
                    "largest difference of a smallest epsilon": np.abs(flips - expected[1]).max(),
                    "largest difference of a logit": np.abs(logits - expected[2]).max(),
                    "largest difference of an accuracy": np.abs(accuracies - expected[3]).max(),
                }
        return found

    def _seen(self, network: nn.Module, device: torch.device) -> list[np.ndarray]:
        batches = [part.split(CUDA_BATCH) for part in self.some(self.sizes.images, device)]
        few = zip(*self.some(self.sizes.attacked, device), strict=True)
        with torch.no_grad():
            logits = torch.cat([network(batch) for batch in batches[0]])
        flips = [scan(network, image, int(label)).flip_epsilon for image, label in few]
        return [
            torch.cat([gradient_sign(network, *batch) for batch in zip(*batches, strict=True)]).cpu().numpy(),
            np.array([NEVER if flip is None else flip for flip in flips]),
            logits.cpu().numpy(),
            sweep(network, self.images, self.labels).accuracies,
        ]

    def attacks(self) -> dict:
        """Of each attack at EPSILON: the accuracy that it leaves, and the largest change of a pixel beyond EPSILON."""
        networks, found = self.networks["standard"], {}
        for name in ATTACKS:
            settings, row = self.settings(name), {}
            for device in (CPU, CUDA):
                images, labels = self.some(self.sizes.attacked, device)
                attacked = settings.prepare(networks[device], images, labels).at(EPSILON)
                row[f"accuracy, {device.type}"] = accuracy(networks[device], attacked, labels)
            row["beyond epsilon"] = max(0.0, float((attacked - images).abs().max()) - EPSILON - 1e-6)
            found[name] = row
        return found

    def proofs(self) -> dict:
        """How many proofs differ, and how many numbers inside the networks lie outside the intervals of a box that is a
        single image, whose width is all for rounding."""
        standard, certified = self.networks["standard"], self.networks["certified"]
        images, labels = self.some(self.sizes.proofs, CPU)
        by_intervals, by_crown = (
            [compute(device) for device in (CPU, CUDA)]
            for compute in (
                lambda device: [
                    certified_epsilon(certified[device], image.to(device), int(label), method="intervals")
                    for image, label in zip(images, labels, strict=True)
                ],
                lambda device: [*certified_stream(standard[device], images, labels, [CROWN_EPSILON], method="crown")],
            )
        )
        found: dict = {
            "by intervals, that differ": int((np.array(by_intervals[0]) != np.array(by_intervals[1])).sum()),
            "by CROWN, that differ": int(np.abs(by_crown[0][-1].certified - by_crown[1][-1].certified).sum()),
            "proved by CROWN": int(by_crown[0][-1].correct[0]),
        }
        for name, networks in self.networks.items():
            found[f"outside, {name}"] = {
                "float64": self._outside(networks[CPU], CPU, torch.float64),
                "float32 on CUDA": self._outside(networks[CPU], CUDA, torch.float32),
            }
            with tf32(True):
                found[f"outside, {name}"]["TF32 on CUDA"] = self._outside(networks[CPU], CUDA, torch.float32)
        return found

    def _outside(self, network: nn.Module, device: torch.device, dtype: torch.dtype) -> int:
        images, labels = self.some(self.sizes.proofs, CPU)
        box = pixel_box(images, 0.0)
        plain = LeNet()
        plain.load_state_dict(network.state_dict())
        *values, logits = layer_by_layer(freeze(plain).to(device, dtype), images.to(device, dtype))
        leads = logits.gather(1, labels[:, None]) - logits
        outside = int((leads < margins(network, box, labels)).sum())
        for (centre, radius), value in zip(hidden_bounds(network, box)[:-1], values, strict=True):
            outside += int(((value < centre - radius) | (value > centre + radius)).sum())
        return outside

    def trainings(self) -> dict:
        """Two steps of each training on CUDA: whether the same seed gives the same weights."""
        found = {name: repeated(lambda name=name: self._two_steps(name)) for name in RECIPES}
        found["AdvGAN"] = repeated(self._advgan_steps)
        found["game"] = repeated(lambda: self._game_steps(pause=False))
        found["game, resumed"] = same(self._game_steps(pause=False), self._game_steps(pause=True))
        return {f"{name}, same weights": value for name, value in found.items()}

    def _two_steps(self, name: str) -> list[Tensor]:
        recipe = replace(RECIPES[name], epochs=1)
        few = self.some(min(2 * recipe.batch_size, self.sizes.images), CPU)
        return [*next(train(recipe, *few, validation=few, device=CUDA)).weights.values()]

    def _advgan_steps(self) -> list[Tensor]:
        few = self.some(self.sizes.attacked, CUDA)
        recipe = AdvGANRecipe(epochs=1, batch_size=-(-len(few[0]) // 2))
        *_, (perturber, _) = train_perturber(recipe, self.networks["standard"][CUDA], *few)
        return [*perturber.state_dict().values()]

    def _game_steps(self, *, pause: bool) -> list[Tensor]:
        """Two steps, or one, a file, and another in a new game."""
        recipe, few = GanRecipe(penalty_every=1), self.some(GanRecipe.batch_size, CUDA)
        game = Game(recipe, 0, CUDA)
        game.step(*few)
        if pause:
            state = load(pack_checkpoint(game.state(), {}))
            game = Game(recipe, 1, CUDA)
            game.resume(state)
        game.step(*few)
        return [*game.generator.state_dict().values(), *game.discriminator.state_dict().values()]


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    allow_tf32(allowed)
    try:
        yield
    finally:
        allow_tf32(False)


@torch.no_grad()
def layer_by_layer(network: LeNet, images: Tensor) -> list[Tensor]:
    """What each convolution and each linear layer gives, on the CPU."""
    x, found = (images - MEAN) / STD, []
    for layer in (*network.conv, nn.Flatten(), *network.fc):
        x = layer(x)
        if isinstance(layer, Affine):
            found.append(x.cpu())
    return found


def repeated(work: Callable[[], list[Tensor]]) -> bool:
    return same(work(), work())


def same(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(map(torch.equal, first, second)) and all(bool(value.isfinite().all()) for value in first)
