"""Values as they travel through Gradio: to programs that use the API, and to the page when it opens."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import gradio as gr
import numpy as np
from starlette.requests import Request

from advdemo.ui.replies import as_error
from advdemo.ui.visitors import Visitor, visitor_of
from advdemo.ui.words import say


def who(request: gr.Request) -> Visitor:
    """The address that a program asks from: its questions do not end one another, as those of a page do."""
    return Visitor(visitor_of(cast(Request, request.request)).address)


def as_text(reply: Any) -> Any:
    """A reply with its arrays as base64: Gradio would wrap each number of a list in a proxy."""
    if isinstance(reply, dict):
        return {key: as_text(value) for key, value in reply.items()}
    if isinstance(reply, list):
        return [as_text(value) for value in reply]
    return base64.b64encode(reply.tobytes()).decode() if isinstance(reply, np.ndarray) else reply


@contextmanager
def errors_told() -> Iterator[None]:
    """Errors as Gradio shows them to programs: a sentence, in English."""
    try:
        yield
    except Exception as error:
        told = as_error(error)
        raise gr.Error(say(told["key"], **told["values"]), print_exception=False) from None
