"""Programs' calls before they reach an endpoint, by whichever of Gradio's ways they come."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from advdemo.ui.api.values import errors_told
from advdemo.ui.server.errors import RefusalError, shown
from advdemo.ui.service import Service
from advdemo.ui.words import say


class Calls(gr.Blocks):
    """Blocks that refuse in a sentence what Gradio would stumble over, logging what was sent and replying nothing."""

    service: Service

    async def process_api(self, block_fn: Any, inputs: Any, *others: Any, **settings: Any) -> dict[str, Any]:
        with errors_told():
            check_inputs(inputs, [*self.service.endpoints[block_fn.api_name]])
            return await super().process_api(block_fn, inputs, *others, **settings)


def naming_unknown(
    prepare: Callable[..., Any], endpoints: Mapping[str, Mapping[str, bool]]
) -> Callable[[str, dict[str, Any]], Any]:
    """`prepare`, by which Gradio's MCP server takes a tool's arguments, with our sentence for one that the tool does
    not have. `endpoints`: the arguments of each tool."""

    def prepare_known(tool: str, given: dict[str, Any]) -> Any:
        names = endpoints.get(tool, given)  # what is no tool Gradio says
        for name in given:
            if name not in names:
                raise ValueError(say("errors.unknown_key", name=shown(name), names=", ".join(names)))
        return prepare(tool, given)

    return prepare_known


def check_inputs(inputs: list[Any], names: list[str]) -> None:
    """Refuse too few or too many arguments, and files: Gradio would seek them on the server's disk, or fetch them."""
    if len(inputs) != len(names):
        raise RefusalError("errors.bad_arguments", names=", ".join(names))
    parts = list(inputs)
    while parts:
        part = parts.pop()
        if isinstance(part, dict) and "meta" in part:  # gradio.FileData
            raise RefusalError("api.bad_picture")
        if isinstance(part, dict | list):
            parts.extend(part.values() if isinstance(part, dict) else part)
