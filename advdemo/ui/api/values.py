"""Who calls, what programs may write for a number, and how errors are told to them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import gradio as gr
from starlette.requests import Request

from advdemo.ui.server.errors import as_error
from advdemo.ui.server.visitors import Visitor, visitor_of
from advdemo.ui.words import say


def who(request: gr.Request) -> Visitor:
    """The address that a program calls from: its requests do not end one another, as those of a page do."""
    return Visitor(visitor_of(cast(Request, request.request)).address)


WHOLE = ("index", "label", "target", "seed", "digit", "count", "images")  # arguments that are whole numbers
FLAGS = {"true": True, "false": False}


def plain(given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call, with what models and forms write where the meaning is plain: "7" or 7.0 for 7, "true",
    a list of epsilons."""
    return {name: _plain(name, value) for name, value in given.items()}


def _plain(name: str, value: Any) -> Any:
    if name in WHOLE:
        if isinstance(value, str) and re.fullmatch(r"\s*\d{1,19}(\.0*)?\s*", value):
            return int(value.strip().partition(".")[0])
        return int(value) if isinstance(value, float) and value.is_integer() else value
    if name == "epsilons" and isinstance(value, list | float | int) and not isinstance(value, bool):
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return (
        FLAGS.get(value.strip().lower(), value) if name in ("arrays", "examples") and isinstance(value, str) else value
    )


@contextmanager
def errors_told() -> Iterator[None]:
    """Errors as Gradio shows them to programs: a sentence, in English."""
    try:
        yield
    except gr.Error:
        raise
    except Exception as error:
        told = as_error(error)
        raise gr.Error(say(told["key"], **told["values"]), print_exception=False) from None
