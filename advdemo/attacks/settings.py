"""What an attack says of itself: the settings it takes, and the facts that hold whatever they are."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn


@dataclass(frozen=True)
class Prepared:
    """An attack on N images, ready for any epsilon: all that is the same for every epsilon has been computed."""

    logits: Tensor  # (N, 10), without the attack
    sign: Tensor | None  # (N, 1, 28, 28) in {-1, 0, 1} where `at` is `perturb` of it, for every epsilon; else None
    at: Callable[[float | Tensor], Tensor]  # epsilon, as in `perturb`, -> adversarial images (N, 1, 28, 28)


@dataclass(frozen=True)
class Attempt:
    """How far a black-box attack has come with one image, after each query."""

    queries: int  # so far, each a picture shown to the network; the first is the image itself
    image: Tensor  # (1, 28, 28), the best picture so far
    epsilon: float | None  # |x' - x| of it; None: none has been found yet (label alone)
    margin: float | None  # of it, in logits: how far the answer is from the one wanted; None: the label alone is known
    fooled: bool  # it is within epsilon and read otherwise (targeted: as the target): the attack is over


class Settings(ABC):
    """A row of the table of attacks: a frozen dataclass whose fields are what can be set, and whose class variables are
    the facts that everything which lists attacks reads."""

    name: ClassVar[str]
    title: ClassVar[str]  # in charts
    told: ClassVar[str]  # to programs, after its name: "fgsm takes one step ..."
    knows: ClassVar[Literal["gradient", "scores", "label", "nothing"]]  # of the network; scores, label: has a `stream`
    targeted: ClassVar[bool] = True  # can aim at a class
    one_run: ClassVar[bool] = False  # preparing costs an attack, and every epsilon is served by it; else each costs one
    quick: ClassVar[bool] = False  # one gradient at most serves an image at every epsilon: milliseconds
    scannable: ClassVar[bool] = True  # quick enough for every position of a slider
    batch_size: ClassVar[int] = 100  # images at a time on a CPU: what its cache holds

    @abstractmethod
    def prepare(
        self, model: nn.Module, images: Tensor, labels: Tensor, *, targeted: bool = False, seed: int = 0
    ) -> Prepared:
        """The attack on inputs already checked; `seed` decides what is random in it."""
