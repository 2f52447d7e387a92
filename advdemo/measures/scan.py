"""One image against every position of the epsilon slider: for FGSM from a single gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from advdemo.attacks.fgsm import (
    Attack,
    aim,
    check_attack,
    check_epsilon,
    check_images,
    check_labels,
    check_targets,
)

EPSILONS = tuple(step / 200 for step in range(101))  # 0 to 0.5 in steps of 0.005
RESOLUTION = 1e-4  # of flip_epsilon


@dataclass(frozen=True)
class EpsilonScan:
    """What the model makes of one image at each of E epsilons."""

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
    attack: Attack = "fgsm",
    **settings,
) -> EpsilonScan:
    """Attack one image at every epsilon.

    Args:
        model: a frozen classifier, pixels -> logits.
        image: float32 (1, 28, 28), or a batch of one, in [0, 1].
        label: the true class, 0..9; targeted: the class to reach.
        epsilons: ascending, each in 0..1.
        attack: one of ATTACKS; `settings` are those of `pgd`, or the `seed` of the noise.

    `flip_epsilon` is the first epsilon of the list whose prediction is no longer `label` (targeted: is `label`),
    refined to 1e-4 below it; 0.0 when the image is misread without any attack.

    Raises:
        ValueError: wrong shape, pixels, label, epsilons or attack; targeted: the class that the model already reads.
    """
    check_attack(attack)
    batch = image.unsqueeze(0) if isinstance(image, Tensor) and image.dim() == 3 else image
    check_images(batch)
    if len(batch) != 1:
        raise ValueError(f"scan takes one image (1, 28, 28), got {len(batch)}")
    if isinstance(label, bool) or not isinstance(label, (int, np.integer)):
        raise ValueError(f"label must be an integer in 0..9, got {label!r}")
    target = torch.tensor([int(label)], device=batch.device)
    check_labels(target, 1)
    grid = np.asarray(epsilons, dtype=np.float64)
    if grid.ndim != 1 or len(grid) == 0 or (np.diff(grid) <= 0).any():
        raise ValueError(f"epsilons must be an ascending list, got {epsilons!r}")
    check_epsilon(torch.from_numpy(grid))

    aimed = aim(attack, model, batch, target, targeted=targeted, **settings)
    if targeted:
        check_targets(aimed.logits, target)

    def attacked(values: np.ndarray) -> tuple[Tensor, Tensor]:
        images = aimed.at(torch.tensor(values, dtype=torch.float32, device=batch.device).view(-1, 1, 1, 1))
        with torch.inference_mode():
            return images, model(images).softmax(1)

    def first_flip(probabilities: Tensor) -> int | None:
        hits = ((probabilities.argmax(1) == target) == targeted).nonzero()
        return int(hits[0]) if len(hits) else None

    images, probabilities = attacked(grid)
    flip = first_flip(probabilities)
    flip_epsilon = None if flip is None else float(grid[flip])
    if flip:
        low, high = grid[flip - 1], grid[flip]
        between = np.linspace(low, high, max(2, round((high - low) / RESOLUTION) + 1))[1:]
        refined = first_flip(attacked(between)[1])
        flip_epsilon = round(float(between[refined]), 4) if refined is not None else flip_epsilon
    return EpsilonScan(
        epsilons=grid,
        images=(images * 255).round().byte().squeeze(1).cpu().numpy(),
        probabilities=probabilities.cpu().numpy(),
        sign=None if aimed.sign is None else aimed.sign.to(torch.int8).view(28, 28).cpu().numpy(),
        label=int(label),
        flip_epsilon=flip_epsilon,
    )
