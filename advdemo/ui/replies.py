"""How every handler answers, whoever asks and whatever arrives: a dict with the question's number and, if need be, one
clear sentence. No exception and no traceback reaches a visitor."""

import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from advdemo.ui.models import UnknownModelError

APOLOGY = "Something went wrong on the server; it has been noted. Please try again."


def replies(handler: Callable[..., Iterator[dict]]) -> Callable[..., Iterator[dict]]:
    """Decorate a generator of replies to its last argument, the question.

    Each reply gets `number` and `kind`, the question's, so that the page can drop answers to older ones, and `error`:
    None, or the sentence of the ValueError that ended it. `unknown_model` asks the page to send its model's weights.
    """

    @wraps(handler)
    def answer(*arguments: Any) -> Iterator[dict]:
        *context, question = arguments
        question = question if isinstance(question, dict) else {}
        number = question.get("number")
        head = {"number": number if isinstance(number, int) else 0, "error": None}
        if isinstance(question.get("kind"), str):
            head["kind"] = question["kind"][:20]
        try:
            for reply in handler(*context, question):
                yield head | reply
        except UnknownModelError as error:
            yield head | {"error": str(error), "unknown_model": True}
        except ValueError as error:
            message = str(error)
            yield head | {"error": message[:1].upper() + message[1:]}
        except Exception:
            logging.getLogger(__name__).exception("%s failed", handler.__name__)
            yield head | {"error": APOLOGY}

    return answer
