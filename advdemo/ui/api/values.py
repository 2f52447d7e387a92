"""Who calls, and how errors are told to programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import gradio as gr
from starlette.requests import Request

from advdemo.ui.server.errors import as_error
from advdemo.ui.server.visitors import Visitor, visitor_of
from advdemo.ui.words import say


def who(request: gr.Request) -> Visitor:
    """The address that a program calls from: its requests do not end one another, as those of a page do."""
    return Visitor(visitor_of(cast(Request, request.request)).address)


@contextmanager
def errors_told() -> Iterator[None]:
    """Errors as Gradio shows them to programs: a sentence, in English."""
    try:
        yield
    except Exception as error:
        told = as_error(error)
        raise gr.Error(say(told["key"], **told["values"]), print_exception=False) from None
