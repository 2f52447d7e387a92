import re

import pytest
from playwright.sync_api import expect

from advdemo.images.mnist import load_mnist
from advdemo.measures.scan import scan
from advdemo.networks.checkpoint import load_checkpoint
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT

OPEN = """async (query) => {
    const { __load } = await import(document.querySelector("#advdemo").src);
    (await __load("shared/link.js")).openInExplore(query);
}"""
VEILED = "[data-veiled]"
DIAGONAL = [(0.3, 0.2), (0.5, 0.5), (0.7, 0.8)]


def flip_of(visitor, checkpoint=CHECKPOINT):
    """Of the test image in the address."""
    index = int(re.search(r"index=(\d+)", visitor.page.url).group(1))
    images, labels = load_mnist("test")
    return scan(load_checkpoint(checkpoint, "cpu")[0], images[index], int(labels[index])).flip_epsilon


def start(visitor):
    visitor.find("guess-first").click()
    expect(visitor.page.locator(VEILED)).to_be_attached()


def fresh(visitor, query):
    """A digit that has not been seen, in the game."""
    visitor.page.evaluate(OPEN, query)
    expect(visitor.page).to_have_url(re.compile(query.split("&")[0]))
    expect(visitor.page.locator(VEILED)).to_be_attached()


def test_nothing_tells_before_the_guess_and_everything_after(visit):
    visitor = visit("#inside=1")
    expect(visitor.find("conv1")).to_be_visible()
    start(visitor)
    fresh(visitor, "index=90&epsilon=0.1&inside=1")
    flip = flip_of(visitor)
    for epsilon in (0.05, 0.45):
        visitor.set_epsilon(epsilon)
        assert visitor.find("epsilon").get_attribute("aria-valuetext") == f"epsilon {epsilon:.3f}: "
        assert visitor.find("prediction-adversarial").inner_text() == "?"
        assert visitor.find("prediction-adversarial").get_attribute("data-digit") == ""
    explore = visitor.page.locator(".explore")
    for name in ("flip-epsilon", "proof", "inside"):
        expect(visitor.find(name)).to_be_hidden()
    for selector in (".bars", ".curve", ".outcome", ".flip-mark", ".picture .flip"):
        for part in explore.locator(selector).all():
            expect(part).to_be_hidden()
    assert visitor.find("flip-epsilon").get_attribute("data-epsilon") == ""
    assert "0px" in visitor.find("epsilon").get_attribute("style").split("--veil")[1]
    html = explore.evaluate("node => node.outerHTML")
    assert f"{flip:.4f}" not in html
    assert f"{flip * 2}"[:6] not in html  # where its mark would be
    assert "fooled" not in explore.locator(".result").get_attribute("class")

    visitor.set_epsilon(0.45)
    expect(visitor.find("guess-here")).to_have_text("My guess: 0.450")
    visitor.find("guess-here").click()
    expect(visitor.find("guess-told")).to_contain_text(f"Actual: {flip:.4f}. You were off by {0.45 - flip:.4f}.")
    expect(visitor.find("guess-tally")).to_contain_text(f"best: off by {0.45 - flip:.4f}")
    assert " 0.9 * " in explore.locator(".guess-mark").evaluate("mark => mark.style.left")  # of the slider's length
    assert float(visitor.find("flip-epsilon").get_attribute("data-epsilon")) == flip
    expect(visitor.find("proof")).to_contain_text(re.compile("certified|certify nothing"))
    expect(explore.locator(".bars")).to_be_visible()
    expect(visitor.find("conv1")).to_be_visible()
    expect(visitor.find("guess-next")).to_be_focused()


def test_a_digit_to_guess_has_no_preview(visit):
    visitor = visit("#attack=pgd&epsilon=0.1")
    start(visitor)
    visitor.find("guess-never").click()
    held = []
    visitor.page.route("**/ask/scan", lambda route: held.append(route))
    before = visitor.pixels("image-clean")
    visitor.find("board").locator("[data-index]").nth(33).click()
    expect(visitor.page.locator(".working")).to_be_visible()
    visitor.page.wait_for_timeout(500)
    assert visitor.pixels("image-clean") == before
    held[0].continue_()
    expect(visitor.page.locator(VEILED)).to_be_attached()
    visitor.page.close()


def test_the_digit_on_screen_is_asked_about(visit):
    visitor = visit("#index=90&epsilon=0.1")
    visitor.find("guess-first").click()
    expect(visitor.page.locator(VEILED)).to_be_attached()
    assert "index=90" in visitor.page.url


def test_near_guesses_make_a_streak(visit):
    visitor = visit()
    start(visitor)
    for place, index in enumerate((91, 92), start=1):
        fresh(visitor, f"index={index}")
        flip = flip_of(visitor)
        visitor.set_epsilon(round(flip * 200) / 200)
        visitor.find("guess-here").press("Enter")
        expect(visitor.find("guess-told")).to_contain_text("Close!")
        expect(visitor.find("guess-tally")).to_contain_text(f"in a row: {place}, longest {place}")
    fresh(visitor, "index=93")
    visitor.find("guess-never").click()
    expect(visitor.find("guess-told")).to_contain_text("You guessed that it is not fooled up to 0.5.")
    expect(visitor.find("guess-tally")).to_contain_text("in a row: 0, longest 2")
    visitor.find("guess-first").click()
    expect(visitor.find("guess-told")).to_be_empty()
    expect(visitor.page.locator(VEILED)).not_to_be_attached()


def test_a_drawing_on_another_network_is_guessed_too(visit):
    visitor = visit()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.find("guess-first").click()
    visitor.draw(*DIAGONAL)
    expect(visitor.page.locator(VEILED)).to_be_attached()
    expect(visitor.page.locator(".truth-source")).to_contain_text("prediction")
    visitor.page.wait_for_url("**drawing=**")
    visitor.find("guess-never").click()
    expect(visitor.find("guess-told")).to_contain_text(re.compile("fooled|Actual"))
    visitor.find("model").select_option("robust")  # another question
    expect(visitor.page.locator(VEILED)).to_be_attached()


@pytest.mark.parametrize("query", ["index=120&model=robust", "index=120&compare=robust"])
def test_another_network_and_two_at_once(visit, query):
    visitor = visit()
    start(visitor)
    fresh(visitor, query)
    flip = flip_of(visitor, ROBUST_CHECKPOINT if "model" in query else CHECKPOINT)
    hidden = visitor.page.locator(".picture .verdict:visible", has_text="?")
    expect(hidden).to_have_count(2 if "compare" in query else 1)
    visitor.find("guess-here").click()
    expect(visitor.find("guess-told")).to_contain_text(f"{flip:.4f}")


def test_the_strongest_attacks_mark_comes_back_after_the_guess(visit):
    visitor = visit("#index=63&epsilon=0.1")
    mark = visitor.page.locator(".strongest-mark")
    visitor.find("narrow").click()
    expect(mark).to_be_visible()
    place = mark.get_attribute("style")
    told = visitor.page.locator(".narrowed").inner_text()
    visitor.find("guess-first").click()
    expect(visitor.page.locator(VEILED)).to_be_attached()
    expect(mark).to_be_hidden()  # it would tell
    visitor.find("guess-here").click()
    expect(mark).to_be_visible()
    assert mark.get_attribute("style") == place
    expect(visitor.page.locator(".narrowed")).to_have_text(told)
    expect(visitor.find("narrow")).to_be_hidden()
    fresh(visitor, "index=90&epsilon=0.1")
    visitor.page.wait_for_timeout(500)  # its proof comes while it is veiled
    visitor.find("guess-here").click()
    expect(visitor.find("narrow")).to_be_visible()
