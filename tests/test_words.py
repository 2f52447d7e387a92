"""The words of the page: the same in both languages, all of them used, none outside."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from advdemo.attacks import ATTACKS
from advdemo.measures.bounds import METHODS
from advdemo.training.recipes import RECIPES
from advdemo.ui import words
from advdemo.ui.tabs.records import SHARES
from advdemo.ui.words import WORDS, languages, say
from tests.conftest import ROOT

UI = ROOT / "advdemo" / "ui"
LANGUAGES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(WORDS.glob("*.json"))}


def keys_of(texts: dict[str, dict]) -> set[str]:
    """But for what a language says of itself."""
    return {f"{section}.{name}" for section, names in texts.items() for name in names if section != "language"}


KEYS = keys_of(LANGUAGES["en"])
SOURCES = {path: path.read_text(encoding="utf-8") for kind in ("*.js", "*.html", "*.py") for path in UI.rglob(kind)}
# Keys put together in the code, `attacks.never_${name}`, by their fixed beginnings and all their endings.
ENDINGS = {
    "attacks.": [*ATTACKS],
    "attacks.short_": [*ATTACKS, "hand"],
    "attacks.formula_": [*ATTACKS, "hand"],
    "attacks.never_": [*ATTACKS, "hand"],
    "hand.": [whose + how for whose in ("yours", "gradient") for how in ("", "_never", "_misread")],
    "networks.": ["standard", "robust", "certified", "binarised"],
    "networks.short_": ["standard", "robust", "certified", "binarised"],
    "proof.": [*METHODS],
    "proof.short_": [*METHODS],
    "learn.row_": [*SHARES[1:]],
    "recipes.": [*RECIPES],
    "recipes.name_": [*RECIPES],
}


def placeholders(text: object) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", json.dumps(text, ensure_ascii=False)))


def as_one(text: object) -> str:
    return json.dumps(text, ensure_ascii=False)


def test_every_language_has_the_same_keys_and_values():
    assert {"en", "zh"} <= set(LANGUAGES)
    for texts in LANGUAGES.values():
        assert keys_of(texts) == KEYS
        for key in sorted(KEYS):
            section, name = key.split(".")
            english, other = LANGUAGES["en"][section][name], texts[section][name]
            assert placeholders(english) == placeholders(other), key
            assert as_one(english).count("](http") == as_one(other).count("](http"), key


def test_a_language_names_itself(monkeypatch, tmp_path):
    assert languages() == {
        "en": {"name": "English", "lang": "en", "joiner": " "},
        "zh": {"name": "中文", "lang": "zh-CN", "joiner": ""},
    }
    own = {"name": "Deutsch", "lang": "de", "joiner": "-"}
    (tmp_path / "de.json").write_text(json.dumps({"language": own, "tabs": {"learn": ["zwei", "Zeilen"]}}))
    monkeypatch.setattr(words, "WORDS", tmp_path)
    assert languages() == {"de": own}
    assert say("tabs.learn", "de") == "zwei-Zeilen"


def test_chinese_is_chinese():
    same_in_both = {key for key in KEYS if say(key) == say(key, "zh")}
    plain = {key: re.sub(r"\{\w+\}|sign", "", say(key)) for key in same_in_both}
    assert not [key for key, text in plain.items() if re.search(r"\b[a-z]{4,}", text)]
    for key in KEYS - same_in_both:
        assert re.search(r"[\u3001-\uffee]", say(key, "zh")), key


def test_every_text_is_used_and_every_text_used_exists():
    code = "\n".join(SOURCES.values())
    quoted = set(re.findall(r"""["'`]([a-z]+\.[a-z]\w*)["'`]""", code)) - {"page.html"}
    literal = {key for key in quoted if key.split(".")[0] in LANGUAGES["en"]}
    composed = set()
    for section, start in re.findall(r"""[`"']([a-z]+)\.(\w*)(?:\$\{|["']\s*\+)""", code):
        if section not in LANGUAGES["en"]:
            continue
        endings = ENDINGS.get(f"{section}.{start}")
        found = {key for key in KEYS if key.startswith(f"{section}.{start}")}
        composed |= {f"{section}.{start}{ending}" for ending in endings} if endings else found
    assert literal | composed <= KEYS, sorted((literal | composed) - KEYS)
    assert KEYS <= literal | composed, sorted(KEYS - literal - composed)


class VisibleText(HTMLParser):
    """What a reader sees of a template before its words are filled in."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.inside.append(tag)
        self.seen += [value for name, value in attributes if name in ("aria-label", "title", "placeholder", "alt")]

    def handle_endtag(self, tag):
        while self.inside.pop() != tag:
            pass  # an <input> has no end

    def handle_data(self, data):
        if "math" not in self.inside:
            self.seen.append(data)


@pytest.mark.parametrize("path", sorted(UI.rglob("*.html")), ids=lambda path: path.parent.name)
def test_templates_hold_no_words(path: Path):
    parser = VisibleText()
    parser.feed(path.read_text(encoding="utf-8"))
    names = {"advdemo", "English", "中文", "CSV", "JSON", "PNG"}
    visible = {word for text in parser.seen for word in re.findall(r"[A-Za-z\u4e00-\u9fff]{2,}", text)}
    assert visible <= names


def test_lines_are_short():
    for path in [*UI.rglob("*.js"), *UI.rglob("*.css"), *UI.rglob("*.html"), *WORDS.glob("*.json")]:
        long = [line for line in path.read_text(encoding="utf-8").splitlines() if len(line) > 120]
        assert not long, f"{path.name}: {long[0]}"


def test_the_sweep_tab_knows_attacks_from_the_table_alone():
    told = {f"{key} ({name})": say(key, name) for name in LANGUAGES for key in KEYS if key.startswith("sweep.")}
    code = {path.name: text for path, text in SOURCES.items() if path.parent.name == "sweep"}
    assert len(code) > 5
    for place, text in (told | code).items():
        assert not re.search(rf"\b({'|'.join(ATTACKS)})\b", text, re.IGNORECASE), place


def test_numbers_lines_and_plurals():
    assert say("explore.fooled", now=8, share="63.0%") == "Now 8, 63.0% sure: the network is fooled."
    assert say("explore.fooled", "zh", now=8, share="63.0%") == "现在识别为 8，置信度 63.0%：网络被骗了。"
