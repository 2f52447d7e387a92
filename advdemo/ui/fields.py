"""The fields of requests: what each may hold, and the words for everything else.

A pydantic error whose type is a key of the words ("errors.bad_label") is what a visitor is told; `refused` gives a
field its key. What depends on the server comes through the validation context, an `Offered`.
"""

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, WrapValidator
from pydantic_core import PydanticCustomError

from advdemo.attacks import ATTACKS
from advdemo.measures.bounds import METHODS
from advdemo.measures.mistakes import MISTAKES
from advdemo.networks.generator import LATENT
from advdemo.training.recipes import RANGES, RECIPES
from advdemo.ui.server.errors import shown
from advdemo.ui.settings import epoch_cap

MAX_EPSILONS = 51
MAX_PICTURE = 400_000  # characters of a data URL
MAX_NETWORK = 1_000_000  # bytes of an uploaded file; a LeNet takes 250,000
MAX_PHOTO = 4_000_000  # bytes of a picture's file
MAX_PAIR = 1_000_000  # characters of base64, of each of its two files: the generator takes 860,000
EDGE = 50  # a place's coordinates are whole numbers from -EDGE to EDGE
MAX_PACE = 100.0  # steps a second of a game
SIDE = 28  # pixels
HASH = r"[0-9a-f]{64}"
PNG = "data:image/png;base64,"


@dataclass(frozen=True)
class Offered:
    """What this server has for requests to ask for."""

    images: int  # in the test set
    networks: tuple[str, ...]
    games: tuple[str, ...] = ()  # the pairs from which a game can start
    experiments: tuple[str, ...] = ()
    attacks: tuple[str, ...] = tuple(ATTACKS)


def offered(info: ValidationInfo) -> Offered:
    """What `parse` was told of the server."""
    return cast(Offered, info.context)


def refuse(key: str, **values: Any) -> PydanticCustomError:
    """The error that tells a visitor what the words have under `key`."""
    return PydanticCustomError(key, key, values)


def refused(key: str, name: str = "", **values: Any) -> WrapValidator:
    """Whatever is wrong with a field is told as `key`, with what was given as `name`, if any; further values are
    constants or functions of the ValidationInfo. A key from within the field comes first."""

    def check(value: Any, inner: Callable[[Any], Any], info: ValidationInfo) -> Any:
        try:
            return inner(value)
        except ValidationError as error:
            if any("." in fault["type"] for fault in error.errors()):
                raise
            told = {key: given(info) if callable(given) else given for key, given in values.items()}
            raise refuse(key, **told | ({name: shown(value)} if name else {})) from None

    return WrapValidator(check)


def one_of(names: Callable[[ValidationInfo], Any]) -> AfterValidator:
    """The value must be among the names, which may depend on the server."""

    def check(value: str, info: ValidationInfo) -> str:
        if value not in names(info):
            raise ValueError("unknown")
        return value

    return AfterValidator(check)


def listed(names: Iterable[str]) -> str:
    """As a sentence has them."""
    return ", ".join(names)


def decoded(text: Any) -> bytes:
    """What base64 stands for: also with line breaks, in its alphabet for addresses, or without padding."""
    if not isinstance(text, str):
        raise ValueError("no base64")
    plain = "".join(text.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _at_most_images(count: int, info: ValidationInfo) -> int:
    if count > offered(info).images:
        raise ValueError("too many")
    return count


def _known_network(name: str, info: ValidationInfo) -> str:
    """A shipped network's name, or a hash."""
    if name not in offered(info).networks and not re.fullmatch(HASH, name):
        raise ValueError("unknown")
    return name


def _parse_network(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) > MAX_NETWORK * 4 // 3 + 4:
        raise refuse("errors.model_too_large")
    return decoded(text)


def _parse_photo(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) > MAX_PHOTO * 4 // 3 + 4:
        raise refuse("errors.photo_too_large", most=MAX_PHOTO // 1_000_000)
    return decoded(text)


def _parse_pair(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) > MAX_PAIR:
        raise ValueError("too large")
    return decoded(text)


def _of_length(length: int) -> BeforeValidator:
    def check(text: Any) -> bytes:
        content = decoded(text)
        if len(content) != length:
            raise ValueError("another length")
        return content

    return BeforeValidator(check)


def _is_short(picture: str) -> str:
    if len(picture) > MAX_PICTURE:
        raise refuse("api.large_picture", length=len(picture), most=MAX_PICTURE)
    return picture


def _to_number(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value


def _parse_epsilons(text: Any) -> tuple[float, ...]:
    """Different numbers from 0 to 1, ascending, of a text that separates them by commas or spaces."""
    words = text.replace(",", " ").split() if isinstance(text, str) and len(text) <= 400 else []
    if not 1 <= len(words) <= MAX_EPSILONS:
        raise refuse("errors.epsilon_count", most=MAX_EPSILONS, got=len(words))
    try:
        epsilons = tuple(sorted({float(word) for word in words}))
    except ValueError:
        raise refuse("errors.epsilon_text", text=shown(text, 60)) from None
    if not all(0 <= epsilon <= 1 for epsilon in epsilons):
        raise refuse("errors.epsilon_range", text=shown(text, 60))
    return epsilons


def _within_cap(epochs: int, info: ValidationInfo) -> int:
    recipe = RECIPES.get(info.data.get("recipe", ""))
    if recipe and epochs > epoch_cap(recipe):
        raise ValueError("too many")
    return epochs


def _most_epochs(info: ValidationInfo) -> int:
    return epoch_cap(RECIPES[info.data.get("recipe", "default")])


Index = Annotated[
    int,
    Field(ge=0),
    AfterValidator(lambda index, info: _at_most_images(index + 1, info) - 1),
    refused("errors.bad_index", "index", last=lambda info: offered(info).images - 1),
]
Count = Annotated[
    int,
    Field(ge=1),
    AfterValidator(_at_most_images),
    refused("errors.bad_count", "count", total=lambda info: offered(info).images),
]
Digit = Annotated[int, Field(ge=0, le=9), refused("errors.bad_class", "digit")]
Label = Annotated[int, Field(ge=0, le=9), refused("errors.bad_label", "digit")]
Target = Annotated[int, Field(ge=0, le=9), refused("errors.bad_target", "digit")]
Seed = Annotated[int, Field(ge=0, lt=2**32), refused("errors.bad_seed", "seed")]
LongSeed = Annotated[int, Field(ge=0, lt=2**63), refused("errors.bad_seed", "seed")]

Epsilon = Annotated[float, BeforeValidator(_to_number), Field(ge=0, le=1), refused("errors.bad_epsilon", "epsilon")]
Epsilons = Annotated[tuple[float, ...], BeforeValidator(_parse_epsilons)]
AttackName = Annotated[
    str,
    one_of(lambda info: offered(info).attacks),
    refused("errors.unknown_attack", "attack", attacks=lambda info: listed(offered(info).attacks)),
]
Method = Annotated[
    str, one_of(lambda info: METHODS), refused("errors.unknown_proof", "method", methods=listed(METHODS))
]

NetworkName = Annotated[
    str,
    AfterValidator(_known_network),
    refused("errors.unknown_network", "network", networks=lambda info: listed(offered(info).networks)),
]
NetworkFile = Annotated[bytes, BeforeValidator(_parse_network), refused("errors.model_damaged")]
PhotoFile = Annotated[bytes, BeforeValidator(_parse_photo), refused("errors.photo_unreadable")]
PairFile = Annotated[bytes, BeforeValidator(_parse_pair), refused("errors.bad_pair")]
PairName = Annotated[str, Field(pattern=f"^{HASH}$"), refused("errors.unknown_model")]

Pixels = Annotated[bytes, _of_length(SIDE**2), refused("share.bad_pixels")]
Rows = list[Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=SIDE, max_length=SIDE)]]
Picture = Annotated[
    Annotated[str, AfterValidator(_is_short)] | Annotated[Rows, Field(min_length=SIDE, max_length=SIDE)],
    refused("api.bad_picture"),
]

Coordinate = Annotated[int, Field(ge=-EDGE, le=EDGE)]
Place = Annotated[tuple[Coordinate, Coordinate], Field(strict=False), refused("errors.bad_place", "place", edge=EDGE)]
Centre = Annotated[bytes, _of_length(LATENT), refused("errors.bad_centre")]

RecipeName = Annotated[
    str, one_of(lambda info: RECIPES), refused("errors.unknown_recipe", "recipe", recipes=listed(RECIPES))
]
Epochs = Annotated[
    int, Field(ge=1), AfterValidator(_within_cap), refused("errors.bad_epochs", "epochs", most=_most_epochs)
]
LearningRate = Annotated[
    float,
    Field(ge=RANGES["learning_rate"][0], le=RANGES["learning_rate"][1]),
    refused("errors.bad_rate", "rate", low=RANGES["learning_rate"][0], high=RANGES["learning_rate"][1]),
]
Steps = Annotated[int, Field(ge=0, le=10**9), refused("errors.bad_steps", "steps")]
Pace = Annotated[float, Field(ge=0, le=MAX_PACE), refused("errors.bad_pace", "pace", most=MAX_PACE)]
MistakeName = Annotated[str, one_of(lambda info: MISTAKES), refused("mistakes.unknown", "name", names=listed(MISTAKES))]
