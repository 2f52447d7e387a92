"""Page components of our own: for each a folder in web/ with a static template, a style sheet and an ES module."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gradio as gr

from advdemo.attacks import ATTACKS

WEB = Path(__file__).parent / "web"
LOADER = """
import(document.querySelector("#advdemo").src).then(async ({{ __load }}) => {{
  const [{{ mount }}, {{ assist }}] = await Promise.all(["{tab}/index.js", "shared/assist.js"].map(__load));
  mount({{ element, props }});
  assist(element);
  element.querySelector(".advdemo")?.setAttribute("data-ready", "");  // from here on it is visible
}});
"""


def component(tab: str, value: dict[str, Any] | None = None, **props: Any) -> gr.HTML:
    """A `gr.HTML` drawn by web/<tab>/index.js, whose `mount({element, props})` is called once.

    `value`, a dict, is among the props. The template stays static and the script paints into it: a re-render would wipe
    what was drawn. Its requests go past Gradio (see server/routes.py). Images and arrays in props are base64:
    Gradio wraps every number of a list in a proxy (400 ms for 1,000 numbers).
    """
    html = gr.HTML(
        value,
        html_template=read_page(WEB / tab),
        css_template=read_styles(tab),
        js_on_load=LOADER.format(tab=tab),
        apply_default_css=False,
        elem_id=tab,
        **props,
    )
    # Not a subclass: Gradio would write a .pyi file beside its source.
    info = {"type": "object", "description": "what the component draws"}
    html.api_info = lambda: info  # type: ignore[method-assign]
    return html


def attack_rows(names: Iterable[str]) -> str:
    """Rows of the table of attacks as the page needs them: a JSON list of {name, targeted, quick, scannable}."""
    columns = ("name", "targeted", "quick", "scannable")
    return json.dumps([{column: getattr(ATTACKS[name], column) for column in columns} for name in names])


def read_page(folder: Path) -> str:
    """A folder's page.html, with the files that its comments name in their places."""
    return re.sub(r"<!-- (\S+\.html) -->", lambda part: read_short(folder / part[1]), read_short(folder / "page.html"))


def read_styles(folder: str) -> str:
    """The style sheets of a folder in web/ and of its own folders, in alphabetical order."""
    return "\n".join(read_short(path) for path in sorted((WEB / folder).rglob("*.css")))


def read_short(path: Path) -> str:
    """A file of HTML or CSS without its indentation, which every visitor would wait for."""
    return re.sub(r"\n\s+", "\n", path.read_text(encoding="utf-8"))
