"""Every request of the page and of programs, as a typed model: all checks stand here and in its fields, once.

Handlers take these. The keys are those of the wire: POST /ask/<name> and /follow/<name> (see `handlers`), and the
endpoints for programs. Numbers are not guessed from text, True is no 1, and unknown keys are refused by name.
"""

from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from advdemo.attacks import ATTACKS
from advdemo.training.gan import Learner
from advdemo.training.recipes import Recipe, pick_recipe
from advdemo.ui import fields as f
from advdemo.ui.fields import Offered, listed, offered, one_of, refuse, refused
from advdemo.ui.server.errors import RefusalError, shown
from advdemo.ui.settings import training_enabled

STARTS = ("nothing", "halfway", "shipped", "own")  # of a game
MOST_NETWORKS = 6  # in a table of transfer
MOST_DIGITS = 25  # that one call may have generated


class Request(BaseModel):
    """What all have in common."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        for key in given:
            if key not in cls.model_fields:
                raise refuse("errors.unknown_key", name=shown(key), names=listed(cls.model_fields))
        missing = {name: None for name, field in cls.model_fields.items() if field.is_required()}
        return missing | given  # so that a field says what it wants


R = TypeVar("R", bound=Request)


def parse(kind: type[R], given: dict[str, Any], here: Offered) -> R:
    """The request in plain JSON values; RefusalError, for the first thing that is wrong with it."""
    try:
        return kind.model_validate(given, context=here)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise RefusalError(first["type"], **first.get("ctx", {})) from None


class OfNetwork(Request):
    """About one network: a shipped one's name, or the hash of a file that the server may know or is sent along."""

    network: f.NetworkName = "standard"
    weights: f.NetworkFile | None = None


class Aim(Request):
    """An attack, and the class to reach, if any."""

    attack: f.AttackName = "fgsm"
    target: f.Target | None = None

    @model_validator(mode="after")
    def _can_aim(self) -> Self:
        if self.target is not None and not ATTACKS[self.attack].targeted:
            raise refuse("api.cannot_aim", attack=self.attack)
        return self


class ScannedAim(Aim):
    """The same for every position of the slider."""

    @model_validator(mode="after")
    def _is_scannable(self) -> Self:
        if not ATTACKS[self.attack].scannable:
            raise refuse("api.not_scannable", attack=self.attack)
        return self


class Side(ScannedAim):
    """One of two attacks side by side."""

    network: f.NetworkName = "standard"


class PairFiles(Request):
    """A pair of the GAN, as two checkpoints."""

    generator: f.PairFile
    discriminator: f.PairFile


class OfPair(Request):
    """About a pair of the GAN: without a hash the shipped one; a visitor's files may come along."""

    forger: f.PairName | None = None
    pair: Annotated[PairFiles, refused("errors.bad_pair")] | None = None


class Order(Request):
    """A digit to generate: its class, a seed, which decides a plane through the generator's latent space, a place on
    that plane, and for a found digit the plane's middle. That is all a link holds."""

    digit: f.Digit
    seed: f.Seed
    place: f.Place = (0, 0)
    centre: f.Centre | None = None


Generated = Annotated[Order, refused("errors.bad_order")]


class OneDigit(Request):
    """About one digit, given in one of several ways, and its true label where that is not known otherwise."""

    SOURCES: ClassVar[tuple[str, ...]] = ("index",)
    NOT_ONE: ClassVar[str] = "errors.not_one_digit"

    index: f.Index | None = None
    label: f.Label | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(getattr(self, source) is not None for source in self.SOURCES) != 1:
            raise refuse(self.NOT_ONE)
        return self


class ScanRequest(OneDigit, OfPair):
    """One digit under one or two attacks, as the Explore tab shows it."""

    SOURCES = ("index", "pixels", "generated")

    pixels: f.Pixels | None = None
    generated: Generated | None = None
    sides: Annotated[
        tuple[Side, ...], Field(strict=False, min_length=1, max_length=2), refused("errors.one_or_two_attacks")
    ] = (Side(),)
    weights: f.NetworkFile | None = None


class BlackBoxRequest(ScanRequest):
    """The first side's digit, network and target, for an attack that sees the network's scores, or its label alone."""

    answers: Annotated[Literal["scores", "label"], refused("errors.unknown_box", "answers", boxes="scores, label")] = (
        "scores"
    )
    epsilon: f.Epsilon

    @model_validator(mode="after")
    def _can_aim(self) -> Self:
        if self.answers == "label" and self.sides[0].target is not None:
            raise refuse("errors.box_cannot_aim")
        return self


class PlaneRequest(OfPair):
    """The plane that a digit to generate lies on."""

    generated: Generated


class SearchRequest(PlaneRequest, OfNetwork):
    """A search from that digit for one that the network misreads."""


class SweepRequest(OfNetwork):
    """The first images of the test set, at each epsilon under an attack, or proved."""

    images: f.Count
    epsilons: f.Epsilons
    attack: f.AttackName = "fgsm"
    proof: f.Method | None = None


class TransferRequest(Request):
    """Every network on the adversarial images made on every network."""

    images: f.Count
    epsilon: f.Epsilon
    attack: f.AttackName = "fgsm"
    networks: Annotated[
        tuple[f.NetworkName, ...],
        Field(strict=False, min_length=1, max_length=MOST_NETWORKS),
        refused("errors.bad_networks", most=MOST_NETWORKS),
    ]
    weights: f.NetworkFile | None = None


class CellRequest(OfNetwork):
    """Images of the class `truth` that are read as `predicted` under an attack."""

    images: f.Count
    epsilon: f.Epsilon
    attack: f.AttackName = "fgsm"
    truth: f.Digit
    predicted: f.Digit


class _Training(Request):
    """What a server may have switched off."""

    @model_validator(mode="before")
    @classmethod
    def _is_enabled(cls, given: Any) -> Any:
        if not training_enabled():
            raise refuse("errors.training_off")
        return given


class TrainRequest(_Training):
    """A training with a named recipe."""

    recipe: f.RecipeName
    epochs: f.Epochs
    learning_rate: f.LearningRate
    seed: f.LongSeed

    def picked(self) -> Recipe:
        """The recipe with the visitor's values."""
        return pick_recipe(self.recipe, epochs=self.epochs, learning_rate=self.learning_rate)


class JudgeRequest(Request):
    """A network's file, to be judged on the test set."""

    weights: f.NetworkFile


class GameSettings(Request):
    """What a visitor may change while a game runs."""

    who: Annotated[Learner, refused("errors.bad_learner", "who")] = "both"
    pace: f.Pace = 0.0  # steps a second; 0 for as many as there can be
    greedy: bool = False  # the generator takes many steps for one of the discriminator's
    giant: bool = False  # both take much larger steps
    paused: bool = False  # the game ends, and hands over its pair


Settings = Annotated[GameSettings, refused("errors.bad_settings", names=listed(GameSettings.model_fields))]


class GameRequest(_Training):
    """A game of generator and discriminator."""

    start: Annotated[
        str,
        one_of(lambda info: ("nothing", "own", *offered(info).games)),
        refused("errors.bad_start", "start", starts=listed(STARTS)),
    ]
    pair: Annotated[PairFiles, refused("errors.bad_pair")] | None = None  # for "own"
    seed: f.Seed = 0
    most_steps: f.Steps | None = None  # None or 0: until it is paused
    settings: Settings = GameSettings()

    @model_validator(mode="after")
    def _has_its_pair(self) -> Self:
        if self.start == "own" and self.pair is None:
            raise refuse("errors.bad_pair")
        return self


class SteerRequest(Request):
    """New settings of the visitor's game."""

    settings: Settings


class PhotoRequest(Request):
    """A picture's file, in which digits are to be found."""

    file: f.PhotoFile


class ExperimentRequest(Request):
    """An experiment of the Learn tab."""

    name: Annotated[
        str,
        one_of(lambda info: offered(info).experiments),
        refused("experiments.unknown", "name", names=lambda info: listed(offered(info).experiments)),
    ]


class MistakeRequest(Request):
    """A classic mistake of the Learn tab."""

    name: f.MistakeName


class PredictCall(OneDigit):
    """A program's digit and network."""

    SOURCES = ("image", "index")
    NOT_ONE = "api.image_or_index"

    image: f.Picture | None = None
    network: f.NetworkName = "standard"
    arrays: bool = False  # pictures also as rows of numbers


class AttackCall(PredictCall, Aim):
    """An attack on it at one epsilon."""

    epsilon: f.Epsilon = 0.2
    seed: f.Seed = 0


class ScanCall(PredictCall, ScannedAim):
    """An attack on it at every epsilon."""

    seed: f.Seed = 0


class GenerateCall(Request):
    """Digits to generate."""

    digit: f.Digit
    seed: f.Seed = 0
    count: Annotated[int, Field(ge=1, le=MOST_DIGITS), refused("api.bad_count", "count", most=MOST_DIGITS)] = 1
    arrays: bool = False
