"""The Square attack: a black box that answers with its ten scores, and never with a gradient, is fooled by trying.

Stripes of +-epsilon to begin with; then one square of +-epsilon at a time, at a random place, kept when it lowers the
margin between the true class and the next. The squares shrink as the queries run out.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo import CLASSES, IMAGE_SHAPE
from advdemo.attacks.chance import uniform
from advdemo.attacks.inputs import (
    check_epsilon,
    check_images,
    check_labels,
    check_queries,
    check_targets,
    copies,
)
from advdemo.attacks.settings import Attempt, Prepared, Settings
from advdemo.attacks.steady import query_model

QUERIES = 1000
SIDE = IMAGE_SHAPE[1]
FIRST_SHARE = 0.8  # of the image, for the first squares
HALVINGS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)  # of that share, when so much of the queries is used


@dataclass(frozen=True)
class Square(Settings):
    """Arguments of `square`."""

    name = "square"
    title = "Square attack"
    told = "tries squares of +-epsilon and looks at the scores alone, no gradient"
    knows = "scores"
    scannable = False
    batch_size = 50

    queries: int = QUERIES

    def __post_init__(self) -> None:
        check_queries(self.queries)

    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """Each epsilon is an attack of its own; `seed` decides stripes and squares."""
        with torch.no_grad():
            logits = model(images)
        options: dict[str, Any] = {"queries": self.queries, "targeted": targeted, "seed": seed}
        return Prepared(logits, None, lambda epsilon: square(model, images, labels, epsilon, **options))

    def stream(
        self, model: nn.Module, image: Tensor, label: int, epsilon: float, *, targeted: bool = False, seed: int = 0
    ) -> Iterator[Attempt]:
        """The attack on one image (1, 28, 28), query by query, up to the first success. Stop it when you like.
        ValueError as for `square`."""
        batch, truth = image.unsqueeze(0), torch.tensor([label], device=image.device)
        batch, truth, radius = _checked(batch, truth, epsilon)
        search = _search(model, batch, truth, radius, self.queries, targeted, seed)
        for queries, (margins, best) in enumerate(search, start=1):
            margin = float(margins[0])
            size = float((best - batch).abs().max())
            yield Attempt(queries, best[0].clone(), epsilon=size, margin=margin, fooled=margin < 0)


def square(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    epsilon: float | Tensor,
    *,
    queries: int = QUERIES,
    targeted: bool = False,
    seed: int = 0,
) -> Tensor:
    """Adversarial images, float32 (N, 1, 28, 28) in [0, 1], with |x' - x| <= epsilon, of the Square attack:
    Andriushchenko, Croce, Flammarion and Hein, 2020, "Square attack: a query-efficient black-box adversarial attack
    via random search", https://arxiv.org/abs/1912.00049. An image that the model misreads already stays as it is.

    Args:
        model, images, labels, targeted: as in `gradient_sign`; no gradient is asked for.
        epsilon: as in `perturb`.
        queries: for each image, at most; the first is the image itself.
        seed: decides, with each image's pixels, its stripes and squares.

    Raises:
        ValueError: as `fgsm`, and for queries out of range.
    """
    check_queries(queries)
    arguments = _checked(images, labels, epsilon)
    *_, (_, best) = _search(model, *arguments, queries, targeted, seed)
    return best


def _checked(images: Tensor, labels: Tensor, epsilon: float | Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The arguments, a copy for each epsilon where there are several, and epsilon as a tensor (N, 1, 1, 1); or
    ValueError."""
    images = check_images(images)
    check_labels(labels, len(images))
    epsilon = check_epsilon(epsilon, images)
    images, labels = copies(epsilon, images, labels)
    return images, labels, torch.as_tensor(epsilon, dtype=images.dtype).to(images).expand(len(images), 1, 1, 1)


@torch.no_grad()
def _search(
    model: nn.Module, images: Tensor, labels: Tensor, radius: Tensor, queries: int, targeted: bool, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """After each query the margins (N,), below 0 where fooled, and the best pictures (N, 1, 28, 28)."""
    low, high = (images - radius).clamp_(min=0.0), (images + radius).clamp_(max=1.0)
    chance = uniform(images, (SIDE + 3 * queries,), seed)
    logits = model(images)
    if targeted:
        check_targets(logits, labels)
    best, margins = images.clone(), margins_of(logits, labels, targeted)
    yield margins, best
    for query in range(1, queries):
        left = (margins >= 0).nonzero()[:, 0]
        if len(left) == 0:
            return
        if query == 1:
            stripes = torch.where(chance[:, :SIDE].view(-1, 1, 1, SIDE) < 0.5, low, high)
            best[left] = stripes[left]
            margins[left] = margins_of(query_model(model, best[left]), labels[left], targeted)
        else:
            numbers = chance[left, SIDE + 3 * query :][:, :3]
            places = _squares(numbers, _side(query / queries)) + left.view(-1, 1) * SIDE**2
            before = best.take(places)
            best.put_(places, _other(before, low.take(places), high.take(places), up=numbers[:, 2:] < 0.5))
            found = margins_of(query_model(model, best[left]), labels[left], targeted)
            worse = found >= margins[left]
            best.put_(places[worse], before[worse])
            margins[left[~worse]] = found[~worse]
        yield margins, best


def margins_of(logits: Tensor, labels: Tensor, targeted: bool = False) -> Tensor:
    """(N,): how far the label's logit is above the largest other (targeted: below)."""
    own = F.one_hot(labels, CLASSES).bool()
    margins = logits[own] - logits.masked_fill(own, -torch.inf).amax(1)
    return -margins if targeted else margins


def _side(asked: float) -> int:
    """Of the squares, in pixels, when the share `asked` of the queries has been used."""
    return max(1, round((FIRST_SHARE / 2 ** bisect_left(HALVINGS, asked)) ** 0.5 * SIDE))


def _squares(numbers: Tensor, side: int) -> Tensor:
    """(N, side * side), the pixels of a square for each two of the random numbers (N, 2 or more)."""
    row, column = (numbers[:, :2] * (SIDE - side + 1)).long().unbind(1)
    places = torch.arange(side, device=numbers.device)
    return (row * SIDE + column).view(-1, 1) + (places.view(-1, 1) * SIDE + places).flatten()


def _other(before: Tensor, low: Tensor, high: Tensor, *, up: Tensor) -> Tensor:
    """The pixels (N, side * side) of a square: `high` where `up` (N, 1) says so, else `low`; the other one where that
    is what they were before, since a picture already known is a query wasted."""
    known = (torch.where(up, high, low) == before).all(1, keepdim=True)
    return torch.where(up ^ known, high, low)
