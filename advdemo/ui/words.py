"""The words of the page, for what is said in Python: tab names, and errors to programs. The page itself reads the same
files in the browser (web/shared/words.js). A language is a file, which begins with what it calls itself."""

import json
from functools import cache
from pathlib import Path
from typing import Any

WORDS = Path(__file__).parent / "words"


@cache
def texts(language: str) -> dict[str, dict[str, Any]]:
    """Section -> name -> text: a string, a list of lines, or forms by number."""
    words: dict[str, dict[str, Any]] = json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8"))
    return words


def languages() -> dict[str, dict[str, str]]:
    """What each language calls itself, by its file's name: {"name", "lang" (a BCP 47 tag), "joiner" of lines}."""
    return {path.stem: texts(path.stem)["language"] for path in sorted(WORDS.glob("*.json"))}


def say(key: str, language: str = "en", **values: object) -> str:
    """The text `section.name` with its {values} filled in; forms by number are chosen by `count`."""
    section, name = key.split(".")
    text: Any = texts(language)[section][name]
    if isinstance(text, list):
        text = texts(language)["language"]["joiner"].join(text)
    elif isinstance(text, dict):
        text = text["one"] if values.get("count") == 1 and "one" in text else text["other"]
    for value, shown in values.items():
        text = text.replace(f"{{{value}}}", f"{shown:,}" if isinstance(shown, int) else str(shown))
    return str(text)
