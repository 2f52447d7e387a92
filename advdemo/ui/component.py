"""Page components of our own, each an .html, a .css and some .js file beside this one."""

from pathlib import Path
from typing import Any

import gradio as gr

HERE = Path(__file__).parent / "web"


def read(name: str) -> str:
    """The text of a file in this folder."""
    return (HERE / name).read_text(encoding="utf-8")


class Component(gr.HTML):
    """A `gr.HTML` whose value is a dict that its script draws from.

    The template stays static and the script paints into it: a re-render would wipe what was drawn. Images and arrays
    travel as base64 strings, since Gradio wraps every number of a list in a proxy (400 ms for 1,000 numbers).
    """

    def __init__(self, value: dict | None = None, *, template: str, scripts: list[str], **options: Any) -> None:
        super().__init__(
            value,
            html_template=read(f"{template}/page.html"),
            css_template=read(f"{template}/style.css"),
            apply_default_css=False,
            js_on_load="\n".join(read(script) for script in scripts),
            **options,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "object", "description": "what the component draws"}
