"""Why a request is refused: a key of the words and its values, for any language.

The package raises ValueError with an English sentence; `refusing` turns it into a key where it is called. No exception
and no traceback reaches a visitor.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from advdemo.images.drawing import NO_INK, NO_STROKE, SEVERAL
from advdemo.images.photo import NO_DIGIT
from advdemo.ui.words import say

KEYS = {
    NO_INK: "errors.no_ink",
    NO_STROKE: "errors.no_stroke",
    NO_DIGIT: "errors.no_digit",
    SEVERAL: "errors.several_digits",
}  # sentences of the package that say more than where they came from
Error = dict[str, Any]  # {"key": "section.name" in the words, "values": {name: string or number}}


class RefusalError(ValueError):
    """A request that is refused, for the reason that the words have under `key`, with its values."""

    status = 400  # of HTTP

    def __init__(self, key: str, **values: Any) -> None:
        self.key, self.values = key, values
        super().__init__(say(key, **values))


class ForeignError(RefusalError):
    """The request comes from another site's page."""

    status = 403


class SupersededError(RefusalError):
    """The visitor has sent a newer request, or left."""

    status = 409


class ClosedError(RefusalError):
    """Nothing is to be seen under the address."""

    status = 404


class TooLargeError(RefusalError):
    """The request has too many bytes."""

    status = 413


class TooSlowError(RefusalError):
    """The request did not arrive in time."""

    status = 408


class TooManyError(RefusalError):
    """The visitor sends requests too often."""

    status = 429


class BusyError(RefusalError):
    """The server has too much to do: trying again later helps."""

    status = 503


def as_error(error: Exception) -> Error:
    """The key and values of a RefusalError; of anything else an apology, and it is logged."""
    if isinstance(error, RefusalError):
        return {"key": error.key, "values": error.values}
    logging.getLogger(__name__).error("a request failed", exc_info=error)
    return {"key": "errors.apology", "values": {}}


@contextmanager
def refusing(key: str, **values: str | int | float) -> Iterator[None]:
    """Turn a ValueError of the package into a RefusalError with this key."""
    try:
        yield
    except RefusalError:
        raise
    except ValueError as error:
        raise RefusalError(KEYS.get(str(error), key), **values) from error


def shown(value: object, longest: int = 20) -> str:
    """What arrived, short enough to be named in a sentence."""
    return str(value)[:longest].encode("utf-8", "replace").decode()
