"""One image against every position of the epsilon slider: for FGSM from a single gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from advdemo.attacks import Settings, find_attack
from advdemo.attacks.inputs import check_epsilons, check_images, check_labels, check_targets
from advdemo.images.greys import as_bytes

EPSILONS = tuple(step / 200 for step in range(101))  # 0 to 0.5 in steps of 0.005
RESOLUTION = 1e-4  # of flip_epsilon


@dataclass(frozen=True)
class EpsilonScan:
    """The adversarial images of one image at each of E epsilons, and the predictions for them."""

    epsilons: np.ndarray  # float64 (E,), ascending
    images: np.ndarray  # uint8 (E, 28, 28), the adversarial images, 255 is ink
    probabilities: np.ndarray  # float32 (E, 10)
    sign: np.ndarray | None  # int8 (28, 28) in {-1, 0, 1}; all zero: no direction to follow; None: not one sign (PGD)
    label: int  # the class attacked (targeted: the class aimed at)
    flip_epsilon: float | None  # the smallest epsilon that succeeds, to 1e-4; None: none up to the last one


def scan(
    model: nn.Module,
    image: Tensor,
    label: int,
    *,
    epsilons: Sequence[float] = EPSILONS,
    targeted: bool = False,
    attack: str | Settings = "fgsm",
    seed: int = 0,
) -> EpsilonScan:
    """Attack one image at every epsilon.

    Args:
        model: a frozen classifier, pixels -> logits.
        image: float32 (1, 28, 28), or a batch of one, in [0, 1].
        label: the true class, 0..9; targeted: the class to reach.
        epsilons: ascending, each in 0..1.
        attack: a name of ATTACKS, or settings such as `PGD(steps=10)`; `seed` decides what is random in it.

    `flip_epsilon` is the first epsilon of the list whose prediction is no longer `label` (targeted: is `label`),
    refined to 1e-4 below it; 0.0 when the image is misclassified without an attack.

    Raises:
        ValueError: wrong shape, pixels, label or epsilons; an attack unknown or not `scannable`; targeted: the class
            that is predicted already.
    """
    row, settings = find_attack(attack)
    if not row.scannable:
        raise ValueError(f"{row.name} searches anew for each epsilon, too slowly for a scan: stream it at one epsilon")
    batch, goal, grid = check_one(image, label, epsilons)
    prepared = settings.prepare(model, batch, goal, targeted=targeted, seed=seed)
    if targeted:
        check_targets(prepared.logits, goal)

    def attacked(values: np.ndarray) -> tuple[Tensor, Tensor]:
        images = prepared.at(torch.tensor(values, dtype=torch.float32, device=batch.device).view(-1, 1, 1, 1))
        with torch.inference_mode():
            return images, model(images).softmax(1)

    def first_flip(probabilities: Tensor) -> int | None:
        hits = ((probabilities.argmax(1) == goal) == targeted).nonzero()
        return int(hits[0]) if len(hits) else None

    images, probabilities = attacked(grid)
    flip = first_flip(probabilities)
    flip_epsilon = None if flip is None else float(grid[flip])
    if flip:
        between = _between(grid[flip - 1], grid[flip])
        refined = first_flip(attacked(between)[1])
        flip_epsilon = round(float(between[refined]), 4) if refined is not None else flip_epsilon
    return EpsilonScan(
        epsilons=grid,
        images=as_bytes(images[:, 0]),
        probabilities=probabilities.cpu().numpy(),
        sign=None if prepared.sign is None else prepared.sign.to(torch.int8).view(28, 28).cpu().numpy(),
        label=int(label),
        flip_epsilon=flip_epsilon,
    )


def check_one(image: Tensor, label: int, epsilons: Sequence[float]) -> tuple[Tensor, Tensor, np.ndarray]:
    """The arguments of `scan` as a batch of one (1, 1, 28, 28), its label (1,) and float64 (E,); or ValueError."""
    batch = image.unsqueeze(0) if isinstance(image, Tensor) and image.dim() == 3 else image
    batch = check_images(batch)
    if len(batch) != 1:
        raise ValueError(f"scan takes one image (1, 28, 28), got {len(batch)}")
    if isinstance(label, bool) or not isinstance(label, (int, np.integer)):
        raise ValueError(f"label must be an integer in 0..9, got {label!r}")
    goal = torch.tensor([int(label)], device=batch.device)
    check_labels(goal, 1)
    grid = np.array(check_epsilons(epsilons))
    if (np.diff(grid) < 0).any():
        raise ValueError(f"epsilons must be an ascending list, got {epsilons!r}")
    return batch, goal, grid


def _between(low: float, high: float) -> np.ndarray:
    """From above `low` up to `high` in steps of RESOLUTION."""
    return np.linspace(low, high, max(2, round((high - low) / RESOLUTION) + 1))[1:]
