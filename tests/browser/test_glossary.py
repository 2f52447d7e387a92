"""Terms explain themselves: pointed at, tapped, reached by Tab; in both languages, within the window."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from advdemo.ui.words import WORDS, say, texts
from tests.browser.tabs import read_in
from tests.conftest import ROOT

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PUT = """html => {
    document.querySelector("#terms")?.remove();
    const box = document.createElement("p");
    box.id = "terms";
    box.className = "advdemo";
    box.dataset.ready = "";
    box.innerHTML = html;
    document.querySelector("#explore").prepend(box);
    return import(document.querySelector("#advdemo").src)
        .then(({ __load }) => __load("shared/glossary.js"))
        .then(({ reachTerms }) => reachTerms(box));
}"""


def beginning(term, language="en"):
    return re.match(r"\*\*(.+?)\*\*", say(f"glossary.{term}", language))[1]


def put(visitor, html):
    """Terms at the top of the page, which a test can rely on."""
    visitor.page.evaluate(PUT, html)
    return visitor.page.locator("#terms [data-term]"), visitor.page.locator("#glossary")


def test_a_term_is_explained_to_mouse_and_keyboard(look):
    visitor = look()
    terms, box = put(visitor, '<i data-term="epsilon" data-epsilon="0.2">ε</i> <i data-term="gradient">gradient</i>')
    terms.first.hover()
    expect(box).to_contain_text(beginning("epsilon"))
    expect(box).to_contain_text("At ε = 0.2, each pixel may change by up to 20%")
    expect(terms.first).to_have_attribute("aria-describedby", "glossary")
    box.hover()  # who moves into it can go on reading
    visitor.page.wait_for_timeout(400)
    expect(box).to_be_visible()
    visitor.page.mouse.move(5, 790)
    expect(box).to_be_hidden()
    terms.first.focus()
    visitor.page.keyboard.press("Tab")
    expect(terms.last).to_be_focused()
    expect(box).to_contain_text(beginning("gradient"))
    visitor.page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(terms.last).not_to_have_attribute("aria-describedby", "glossary")
    expect(terms.last).to_be_focused()


def test_a_term_in_a_button_leaves_it_its_use(look):
    visitor = look()
    html = '<button onclick="this.dataset.used = 1"><i data-term="fgsm">FGSM</i></button>'
    terms, box = put(visitor, html)
    terms.first.hover()
    expect(box).to_contain_text(beginning("fgsm"))
    terms.first.click()
    expect(visitor.page.locator("#terms button")).to_have_attribute("data-used", "1")
    expect(box).to_be_hidden()
    assert terms.first.get_attribute("tabindex") is None  # the button is reached, nothing within


def test_a_tap_explains_within_the_window_in_both_languages(visit):
    visitor = visit("#lang=en", **PHONE)
    html = '<span style="float: right" data-term="norm">ℓ∞</span>'
    terms, box = put(visitor, html)
    for language in ("en", "zh"):
        read_in(visitor.page, language)
        terms.first.tap()
        expect(box).to_contain_text(beginning("norm", language))
        place = box.bounding_box()
        assert 0 <= place["x"] <= 390 - place["width"]
        assert 0 <= place["y"] <= 844 - place["height"]
        visitor.page.touchscreen.tap(60, 830)
        expect(box).to_be_hidden()
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("language", [path.stem for path in WORDS.glob("*.json")])
def test_every_term_that_is_marked_is_in_the_glossary(language):
    marked = set(re.findall(r"\]\(#(\w+)\)", (WORDS / f"{language}.json").read_text(encoding="utf-8")))
    for kind in ("*.html", "*.js"):
        for path in Path(ROOT / "advdemo" / "ui" / "web").rglob(kind):
            marked |= set(re.findall(r'data-term="(\w+)"', path.read_text(encoding="utf-8")))
    assert marked <= set(texts(language)["glossary"])
