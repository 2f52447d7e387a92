import re

import pytest
from playwright.sync_api import expect

from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import predict
from advdemo.ui.requests import Order
from advdemo.ui.service.pairs import load_pairs
from tests.browser.tabs import settle
from tests.conftest import CHECKPOINT

ORDERED = re.compile(r"generate=(\d)\.(\d+)\.(-?\d+)\.(-?\d+)")


@pytest.fixture(scope="module")
def pair():
    return load_pairs(CHECKPOINT.parent).shipped["shipped"]


@pytest.fixture(scope="module")
def lenet():
    return load_checkpoint(CHECKPOINT, "cpu")[0]


def generate(visit, query=""):
    visitor = visit(query)
    visitor.page.locator("[data-show=generate]").click()
    expect(visitor.find("realness")).not_to_be_empty()
    expect(visitor.page.locator(".truth-source")).to_have_text("the digit you asked for")
    settle(visitor)
    return visitor


def order_shown(visitor):
    """The order in the address."""
    expect(visitor.page).to_have_url(ORDERED)
    digit, seed, x, y = map(int, ORDERED.search(visitor.page.url).groups())
    return {"digit": digit, "seed": seed, "place": [x, y]}


def wait_for_digit(visitor, pair, order):
    """Until the original is what the generator draws for this order."""
    pixels = (pair.draw(Order.model_validate(order))[0] * 255).round().int().flatten().tolist()
    visitor.page.wait_for_function(
        """pixels => {
            const canvas = document.querySelector('[data-testid=image-clean]');
            const shown = canvas.getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, i) => i % 4 === 0);
            return pixels.every((pixel, i) => Math.abs(pixel - shown[i]) <= 1);
        }""",
        arg=pixels,
    )


def test_a_digit_to_order_is_attacked_as_that_digit(visit, pair, lenet):
    visitor = generate(visit)
    visitor.page.get_by_label("Generate 7").click()
    expect(visitor.page.locator(".truth-source")).to_have_text("the digit you asked for")
    expect(visitor.page.locator(".truth option").first).to_have_text("auto (7)")
    order = order_shown(visitor)
    assert order["digit"] == 7
    wait_for_digit(visitor, pair, order)
    image, realness = pair.draw(Order.model_validate(order))
    share = float(predict(lenet, image[None]).max())
    assert float(visitor.find("prediction-clean").get_attribute("data-confidence")) == pytest.approx(share, abs=1e-4)
    visitor.page.wait_for_function(  # the plane around the digit comes on its own
        "share => Math.abs(document.querySelector('[data-testid=realness]').dataset.realness - share) < 0.001",
        arg=realness,
    )
    visitor.find("another").click()
    expect(visitor.page).not_to_have_url(re.compile(rf"generate=7\.{order['seed']}\."))
    wait_for_digit(visitor, pair, order_shown(visitor))


def test_dragging_asks_nothing_and_letting_go_attacks(visit, pair):
    visitor = generate(visit)
    before, opinion = visitor.pixels("latent-pad"), visitor.find("realness").inner_text()
    box = visitor.find("latent-pad").bounding_box()
    visitor.requests.clear()
    mouse = visitor.page.mouse
    mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.8 * box["height"], steps=15)
    assert visitor.pixels("latent-pad") != before
    assert visitor.find("realness").inner_text() != opinion
    assert visitor.requests == []
    mouse.up()
    expect(visitor.page).to_have_url(re.compile(r"generate=3\.0\.40\.30"))
    wait_for_digit(visitor, pair, {"digit": 3, "seed": 0, "place": [40, 30]})
    asked = [url.rsplit("/", 1)[1] for url in visitor.requests]
    assert asked.count("scan") == 1
    assert set(asked) <= {"scan", "prove"}


def test_what_the_finger_sees_is_what_is_attacked(visit, pair):
    visitor = generate(visit, "#generate=5.12.17.-31")
    wait_for_digit(visitor, pair, {"digit": 5, "seed": 12, "place": [17, -31]})
    seen, attacked = visitor.pixels("latent-pad"), visitor.pixels("image-clean")
    assert (
        sum(abs(a - b) for a, b in zip(seen, attacked, strict=True)) / 784 < 4
    )  # of 255; between frames it is blended


def test_arrow_keys_move_on_the_pad(visit, pair):
    visitor = generate(visit)
    visitor.find("latent-pad").focus()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("Shift+ArrowUp")
    expect(visitor.page).to_have_url(re.compile(r"generate=3\.0\.2\.-10"))
    assert visitor.find("latent-pad").get_attribute("aria-valuetext") == "2 across, 10 up"
    wait_for_digit(visitor, pair, {"digit": 3, "seed": 0, "place": [2, -10]})


def test_a_find_fools_the_network_and_the_tally_counts(visit):
    visitor = generate(visit, "#generate=3.5.20.-10")
    visitor.find("find-fooling").click()
    question = visitor.page.get_by_text("Does it still look like 3 to you?")
    expect(question).to_be_visible(timeout=15_000)
    expect(visitor.find("prediction-clean")).not_to_have_attribute("data-digit", "3")
    expect(visitor.page.locator(".finding")).to_contain_text("The forger was asked for 3; the network says")
    visitor.page.locator("[data-answer=yes]").click()
    expect(visitor.find("tally")).to_contain_text("you recognised 1 of 1")
    expect(question).to_be_hidden()
    shared = visitor.page.url
    read = visitor.find("prediction-clean").get_attribute("data-digit")
    other = visit("#" + shared.split("#", 1)[1])
    expect(other.find("prediction-clean")).to_have_attribute("data-digit", read)
    expect(other.page.locator(".truth option").first).to_have_text("auto (3)")
    # Moving on closes the question.
    visitor.page.get_by_label("Generate 3").click()
    expect(visitor.find("found")).to_be_hidden()
