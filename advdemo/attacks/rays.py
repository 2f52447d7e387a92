"""RayS: a black box that answers with a digit, and not even how sure it is, is fooled by trying.

Every pixel goes up or down by the same amount; the attack searches for the directions, and for the smallest amount that
fools. Flip the directions of a block of pixels: is the picture still misread a little closer to the image? Then keep
the flip, and halve the distance until it is known how much closer. The blocks get smaller: all pixels, halves,
quarters, down to single ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

import torch
from torch import Tensor, nn

from advdemo.attacks.fgsm import perturb
from advdemo.attacks.inputs import check_epsilon, check_images, check_labels, check_queries
from advdemo.attacks.settings import Attempt, Prepared, Settings
from advdemo.attacks.steady import query_model

QUERIES = 2000
TOLERANCE = 1e-3  # of a distance


@dataclass(frozen=True)
class RayS(Settings):
    """Arguments of `rays`."""

    name = "rays"
    title = "RayS"
    told = "looks at the predicted digit alone"
    knows = "label"
    targeted = False
    one_run = True
    batch_size = 50

    queries: int = QUERIES

    def __post_init__(self) -> None:
        check_queries(self.queries)

    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """One direction for every epsilon; nothing is random."""
        if targeted:
            raise ValueError("RayS cannot aim at a class: leave out the target, or choose another attack")
        with torch.no_grad():
            logits = model(images)
        *_, (_, _, sign) = _search(model, images, labels, logits, self.queries, 0.0)
        return Prepared(logits, sign, partial(perturb, images, sign))

    def stream(
        self, model: nn.Module, image: Tensor, label: int, epsilon: float, *, targeted: bool = False, seed: int = 0
    ) -> Iterator[Attempt]:
        """The attack on one image (1, 28, 28), query by query, up to the first success within `epsilon`; with 0,
        as close as the queries allow. Stop it when you like. ValueError as for `rays`."""
        if targeted:
            raise ValueError("RayS cannot aim at a class: leave out the target, or choose another attack")
        truth = torch.tensor([label], device=image.device)
        batch = _check(image.unsqueeze(0), truth, epsilon, self.queries)
        with torch.no_grad():
            logits = model(batch)
        enough = min(epsilon, 1 - TOLERANCE)  # 1 is the distance of a direction that is not known to fool
        for asked, radius, sign in _search(model, batch, truth, logits, self.queries, enough):
            size = float(radius[0])
            known = size if size < 1 else None
            picture = batch[0] if known is None else perturb(batch, sign, size)[0]
            yield Attempt(
                int(asked[0]), picture, epsilon=known, margin=None, fooled=known is not None and known <= epsilon
            )


def rays(
    model: nn.Module, images: Tensor, labels: Tensor, epsilon: float | Tensor, *, queries: int = QUERIES
) -> Tensor:
    """Adversarial images, float32 (N, 1, 28, 28) in [0, 1], with |x' - x| <= epsilon, of RayS: Chen and Gu, 2020,
    "RayS: a ray searching method for hard-label adversarial attack", https://arxiv.org/abs/2006.12792.

    Args:
        model, images, labels: as in `gradient_sign`; nothing but the class with the largest logit is looked at.
        epsilon: as in `perturb`; the search does not depend on it.
        queries: for each image, at most; the first is the image itself.

    Raises:
        ValueError: as `fgsm`, and for queries out of range.
    """
    images = _check(images, labels, epsilon, queries)
    return RayS(queries).prepare(model, images, labels).at(epsilon)


def _check(images: Tensor, labels: Tensor, epsilon: float | Tensor, queries: int) -> Tensor:
    """The images as `check_images` gives them, or ValueError."""
    images = check_images(images)
    check_labels(labels, len(images))
    check_epsilon(epsilon, images)
    check_queries(queries)
    return images


@torch.no_grad()
def _search(
    model: nn.Module, images: Tensor, labels: Tensor, logits: Tensor, queries: int, enough: float
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """After each query, of which the images themselves are the first and `logits` the answer: how many each image
    has had (N,), the distance (N,) at which its direction is known to fool, 1 while none is, and the direction
    (N, 1, 28, 28) in {-1, 1}. An image is done with at a distance of `enough`."""
    sign = torch.ones_like(images, memory_format=torch.contiguous_format)
    asked = torch.ones_like(labels)
    radius = torch.ones_like(labels, dtype=images.dtype)

    def fooled(chosen: Tensor, directions: Tensor, distance: Tensor) -> Tensor:
        asked[chosen] += 1
        pictures = (images[chosen] + distance.view(-1, 1, 1, 1) * directions).clamp_(0.0, 1.0)
        return query_model(model, pictures).argmax(1) != labels[chosen]

    def unfinished(chosen: Tensor) -> Tensor:
        return chosen[(asked[chosen] < queries) & (radius[chosen] > enough)]

    everyone = torch.arange(len(images), device=images.device)
    radius[logits.argmax(1) != labels] = 0.0
    yield asked, radius, sign
    for block in _blocks(images[0].numel()):
        left = unfinished(everyone)
        if len(left) == 0:
            return
        flipped = sign[left]
        flipped.view(len(left), -1)[:, block].neg_()
        nearer = (radius[left] - TOLERANCE).clamp_(min=0.0)
        closer = fooled(left, flipped, nearer)
        left = left[closer]
        sign[left], radius[left] = flipped[closer], nearer[closer]
        yield asked, radius, sign
        safe = torch.zeros_like(radius)  # the largest distance known not to fool in the direction taken
        while True:
            left = unfinished(left)
            left = left[radius[left] - safe[left] > TOLERANCE]
            if len(left) == 0:
                break
            middle = (safe[left] + radius[left]) / 2
            hit = fooled(left, sign[left], middle)
            radius[left[hit]], safe[left[~hit]] = middle[hit], middle[~hit]
            yield asked, radius, sign


def _blocks(pixels: int) -> Iterator[slice]:
    """Nothing; all pixels; their halves, quarters, ... single ones, again and again."""
    yield slice(0, 0)
    for level in count():
        size = -(-pixels // 2**level)
        yield from (slice(start, start + size) for start in range(0, pixels, size))
