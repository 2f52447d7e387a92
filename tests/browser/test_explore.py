"""What is chosen in Explore: a digit, its label, a network, an attack, a target; and the link that holds it all."""

import re

import pytest
from playwright.sync_api import expect

from advdemo.measures.scan import scan
from tests.browser.tabs import lead, pick
from tests.browser.visitor import PHONE

BROKEN = ("#index=99999", "#index=x&attack=bomb&epsilon=nan", "#%00", "#model=yours&compare=1&target=11")


def test_the_true_label_can_be_set(look):
    visitor = look()
    index = pick(visitor, 2)
    clean = visitor.find("prediction-clean").get_attribute("data-digit")
    other = str((int(clean) + 1) % 10)
    visitor.find("true-label").select_option(other)
    expect(visitor.page.locator(".truth-source")).to_have_text("chosen by you")
    expect(visitor.page.locator(".outcome")).to_contain_text("Misclassified without an attack")
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", "0")
    visitor.find("true-label").select_option("")
    expect(visitor.page.locator(".truth-source")).to_have_text("as labelled in MNIST")
    assert index == 0 or clean == visitor.find("prediction-clean").get_attribute("data-digit")


def test_keys_name_the_colours_of_the_perturbation_and_of_the_bars(look):
    visitor = look("#index=63&epsilon=0.5")
    expect(visitor.page.locator(".outcome")).to_contain_text("the network is fooled")
    colours = visitor.find("image-perturbation").evaluate(
        """canvas => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, 28, 28);
            const colour = i => `rgb(${data.slice(i, i + 3).join(', ')})`;
            return [...new Set(Array.from({ length: 784 }, (_, i) => colour(4 * i)))];
        }"""
    )
    signs = visitor.page.locator(".picture:not(.second) .signs .swatch")
    style = "(node, name) => getComputedStyle(node)[name]"
    assert {*colours} == {swatch.evaluate(style, "backgroundColor") for swatch in signs.all()}
    expect(signs.locator("..")).to_have_text(["brighter", "darker"])

    bars, key = visitor.page.locator(".bars"), visitor.page.locator(".bars-card .legend")
    wrong = bars.locator(".meter.is-winner .after").evaluate(style, "backgroundImage")
    right = bars.locator(".meter.is-label .after").evaluate(style, "backgroundColor")
    expect(key).to_have_text(re.compile(r"before\s+after\s+true label\s+wrong"))
    assert key.locator(".swatch.wrong").evaluate(style, "backgroundImage") == wrong
    assert key.locator(".swatch").nth(2).evaluate(style, "backgroundColor") == right


def test_board_filters_and_random(look, mnist_test):
    visitor = look()
    _, labels = mnist_test
    cells = visitor.find("board").locator("[data-index]")
    visitor.page.locator('[data-filter="7"]').click()
    shown = [int(cells.nth(place).get_attribute("data-index")) for place in range(cells.count())]
    assert len(shown) == len(set(shown)) == 35
    assert {int(labels[index]) for index in shown} == {7}
    visitor.page.locator('[data-filter="hardest"]').click()
    cells.first.click()
    expect(visitor.page.locator(".outcome")).to_contain_text("Misclassified without an attack")
    before = visitor.pixels("image-clean")
    visitor.page.locator('[data-filter="all"]').click()
    visitor.find("random").click()
    visitor.wait_for_image(before, same=False)


def test_a_target_is_reached_or_refused(look, lenet, mnist_test):
    visitor = look("#index=0&attack=pgd&target=5&epsilon=0.3")
    images, _ = mnist_test
    expected = scan(lenet, images[0], 5, attack="pgd", targeted=True)
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", str(expected.flip_epsilon))
    expect(visitor.page.locator(".outcome")).to_contain_text("the target is reached")
    assert visitor.find("target").locator("option:disabled").get_attribute("value") == "7"
    visitor.page.evaluate("location.hash = ''")
    visitor.find("target").select_option("2")
    pick(visitor, 14)  # the first of the 2s
    expect(visitor.page.locator(".error")).to_contain_text("already reads this digit as 2")
    expect(visitor.find("target")).to_have_value("")


def test_a_link_holds_what_is_on_screen(look, visit):
    visitor = look()
    visitor.find("attack").select_option("noise")
    expect(visitor.page.locator(".formula").first).to_contain_text("random")
    visitor.find("compare").select_option("fgsm")
    expect(visitor.page.locator(".explore.comparing")).to_have_count(1)
    index = pick(visitor, 20)
    expect(visitor.page.locator(".explore.waiting")).to_have_count(0)
    link = visitor.page.evaluate("location.hash")
    assert f"index={index}&" in link
    again = visit(link)
    expect(again.page.locator(".explore.comparing:not(.waiting)")).to_have_count(1)
    assert again.page.evaluate("location.hash") == link
    assert again.pixels("image-clean") == visitor.pixels("image-clean")
    assert again.find("prediction-adversarial").inner_text() == visitor.find("prediction-adversarial").inner_text()


def test_a_newer_digit_supersedes_pgd(look):
    visitor = look("#attack=pgd")
    cells = visitor.find("board").locator("[data-index]")
    for place in range(10, 20):
        cells.nth(place).click()
    expect(cells.nth(19)).to_have_attribute("aria-pressed", "true", timeout=8_000)
    expect(visitor.page.locator(".error")).to_be_hidden()


def test_learn_opens_explore_in_the_state_it_speaks_of(look):
    visitor = look()
    visitor.page.get_by_role("tab", name="Learn").click()
    table = visitor.page.locator(".learn table").first
    fgsm, pixels = (table.locator("tr", has_text=name).locator("td") for name in ("FGSM", "pixels to flip"))
    expect(fgsm.nth(0)).to_have_text("4.3%")
    expect(pixels).to_have_text(["8", "4", "1", "7"])
    visitor.page.get_by_role("button", name="an 8 on which FGSM fails").click()
    expect(visitor.find("prediction-adversarial")).to_have_attribute("data-digit", "8")
    other = visitor.page.locator(".picture.second .adversarial .verdict")
    expect(other).to_have_attribute("data-digit", "0")
    expect(visitor.find("epsilon-value")).to_have_text("0.300")


def survives(visitor):
    expect(visitor.page.locator(".explore.waiting")).to_have_count(0)
    assert visitor.find("prediction-clean").get_attribute("data-digit") in "0123456789"
    pick(visitor, 3)


def test_a_broken_link_is_survived(visit):
    first, *others = BROKEN
    visitor = visit(first)
    survives(visitor)
    for link in others:
        lead(visitor.page, f"{link}&unknown=1")
        visitor.page.wait_for_function("!location.hash.includes('unknown')")  # it has been read
        survives(visitor)


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_nothing_overflows(visit, device):
    page = visit("?__theme=dark", **device).page
    for dark in (True, False):
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1]
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark == (sum(map(int, background.removeprefix("rgb(").rstrip(")").split(","))) < 384)
        page.evaluate("document.body.classList.remove('dark')")  # as Gradio switches its themes
