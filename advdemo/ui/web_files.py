"""What the page fetches of its own: the files of web/ and words/, and what is put together of them."""

import json
from html import escape

from advdemo.ui.bundle import bundle
from advdemo.ui.component import WEB
from advdemo.ui.programs import read_pieces
from advdemo.ui.words import WORDS, languages

FIRST = ("header/index.js", "explore/index.js")


def read_files() -> dict[str, bytes]:
    """By path: the files of web/, `words/<language>.json`, all modules but the worker's as one in `modules.js`, and
    `programs.json`."""
    files = {path.relative_to(WEB).as_posix(): path.read_bytes() for path in sorted(WEB.rglob("*.*"))}
    words = {f"words/{path.name}": path.read_bytes() for path in WORDS.glob("*.json")}
    of_page = [path for path in files if path.endswith(".js") and not path.startswith("worker/")]
    modules = {path: files[path].decode() for path in of_page}
    made = {"modules.js": bundle(modules, FIRST), "programs.json": json.dumps(read_pieces())}
    return files | words | {path: text.encode() for path, text in made.items()}


def opening_head(version: str) -> str:
    """What the served page begins with: the modules run, and ask for the words, while Gradio is still on its way. The
    browser chooses a language before it has read any."""
    return (
        f'<meta name="languages" content="{escape(json.dumps(languages()))}">'
        f'<script type="module" async id="advdemo" src="web/{version}/modules.js"></script>'
    )
