"""Painting the perturbation by hand: what is painted is what Python computes of it, and a link holds it."""

import base64
import re
import time
import zlib
from urllib.parse import parse_qs

import pytest
import torch
from playwright.sync_api import expect

from advdemo.attacks import few_pixels
from advdemo.attacks.fgsm import gradient_sign, perturb
from advdemo.images.mnist import load_mnist
from advdemo.measures.scan import scan
from advdemo.networks.checkpoint import load_checkpoint
from tests.browser.tabs import hash_of
from tests.browser.visitor import PHONE, RED
from tests.conftest import CHECKPOINT

BARS = "() => [...document.querySelectorAll('.bars .after')].map(bar => Number(bar.style.transform.slice(7, -1)))"
ACROSS = [(0.25, 0.3), (0.75, 0.3), (0.3, 0.7), (0.8, 0.7)]


@pytest.fixture(scope="module")
def network():
    return load_checkpoint(CHECKPOINT, "cpu")[0]


@pytest.fixture(scope="module")
def digit():
    images, labels = load_mnist("test")
    return images[63], int(labels[63])


def paint(visitor, *points):
    """One stroke through points given as shares of the picture."""
    visitor.find("hand-pad").scroll_into_view_if_needed()
    visitor.draw(*points, pad="hand-pad")


def painting_of(visitor, count):
    """The signs in the page's address, once `count` pixels are painted there: int8 (1, 28, 28)."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        text = parse_qs(visitor.page.evaluate("location.hash.slice(1)")).get("painting", [""])[0]
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        signs = torch.tensor(list(zlib.decompress(packed, -zlib.MAX_WBITS)), dtype=torch.int8) - 1 if text else None
        if signs is not None and int(signs.abs().sum()) == count:
            return signs.view(1, 28, 28)
        visitor.page.wait_for_timeout(50)
    raise AssertionError(f"no {count} pixels in {text}")


def count_of(visitor):
    """How many pixels are painted, once the page has found whether they fool, and from which ε."""
    expect(visitor.page.locator(".hand-yours[data-epsilon]")).to_have_count(1)
    return int(visitor.find("hand-yours").get_attribute("data-count"))


def smallest(network, image, label, sign):
    """The smallest of 10,000 ε that fools, and None where none does."""
    epsilons = [i / 10_000 for i in range(10_001)]
    images = torch.cat([perturb(image[None], sign[None].float(), epsilon) for epsilon in epsilons])
    with torch.no_grad():
        fooling = (network(images).argmax(1) != label).nonzero().flatten().tolist()
    return epsilons[fooling[0]] if fooling else None


def test_a_painting_does_what_python_says(look, network, digit):
    image, label = digit
    visitor = look("#index=63&epsilon=0.3")
    visitor.find("hand").click()
    expect(visitor.find("hand-yours")).to_have_text(re.compile("Paint where"))
    visitor.requests.clear()
    paint(visitor, *ACROSS)
    visitor.page.locator('.hand [data-sign="-1"]').click()
    paint(visitor, (0.4, 0.15), (0.4, 0.9))
    visitor.page.locator('.hand [data-sign="0"]').click()
    paint(visitor, (0.6, 0.2), (0.6, 0.4))
    count = count_of(visitor)
    visitor.page.wait_for_function("location.hash.includes('painting=')")
    sign = painting_of(visitor, count)
    assert {-1, 0, 1} == set(sign.flatten().tolist())

    painted = perturb(image[None], sign[None].float(), 0.3)
    with torch.no_grad():
        expected = network(painted).softmax(1)[0]
    shown = torch.tensor(visitor.page.evaluate(BARS))
    assert torch.allclose(shown, expected, atol=1e-5)
    assert (torch.tensor(visitor.pixels("image-adversarial")) - 255 * painted.flatten()).abs().max() <= 0.501
    verdict = visitor.find("prediction-adversarial")
    expect(verdict).to_have_attribute("data-digit", str(int(expected.argmax())))
    assert float(verdict.get_attribute("data-confidence")) == pytest.approx(float(expected.max()), abs=1e-5)

    flip = smallest(network, image, label, sign)
    gradient = scan(network, image, label).flip_epsilon
    pixels = int(gradient_sign(network, image[None], torch.tensor([label])).abs().sum())
    expect(visitor.find("hand-yours")).to_have_text(f"Your painting fools it from ε = {flip:.4f}, with {count} pixels.")
    expect(visitor.find("hand-theirs")).to_have_text(f"The gradient: from {gradient:.4f}, with {pixels} pixels.")
    assert not [request for request in visitor.requests if "/ask/scan" in request]


@pytest.mark.slow
def test_leaving_brings_the_attack_back_and_a_link_the_painting(visit, network, digit):
    image, label = digit
    visitor = visit("#index=63&epsilon=0.2&lang=en")
    before = visitor.pixels("image-perturbation")
    visitor.find("hand").click()
    paint(visitor, *ACROSS)
    visitor.page.wait_for_function("location.hash.includes('painting=')")
    sign = painting_of(visitor, count_of(visitor))
    link = visitor.page.evaluate("location.hash")
    other = visit(link)
    expect(other.find("hand-yours")).to_have_text(visitor.find("hand-yours").inner_text())
    assert other.pixels("image-adversarial") == visitor.pixels("image-adversarial")
    assert other.page.evaluate("location.hash") == link
    assert torch.equal(painting_of(other, count_of(other)), sign)

    visitor.find("hand").click()
    expect(visitor.find("hand-pad")).to_be_hidden()
    flip = scan(network, image, label).flip_epsilon
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", str(flip))
    assert visitor.pixels("image-perturbation") == before
    visitor.page.wait_for_function("!location.hash.includes('painting=')")


def test_a_painting_whose_network_does_not_come_leaves_the_digit(visit, digit):
    visitor = visit()
    visitor.page.route("**/*.safetensors", lambda route: route.fulfill(status=404))
    visitor.page.goto("about:blank")
    pack = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    text = base64.urlsafe_b64encode(pack.compress(bytes(784)) + pack.flush()).decode().rstrip("=")
    visitor.page.goto(f"{visitor.url}#index=63&epsilon=0.2&painting={text}&tour=off")
    expect(visitor.page.locator(".explore:not(.waiting) .error")).to_have_text("The server is not responding.")
    expect(visitor.find("hand-pad")).to_be_hidden()
    visitor.wait_for_image((digit[0] * 255).round().int().flatten().tolist(), same=True)
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", "0.0895")


def test_painting_with_keys(look):
    visitor = look("#index=63&epsilon=0.3")
    visitor.find("hand").click()
    expect(visitor.find("hand-pad")).to_be_focused()
    visitor.page.locator('.hand [data-width="1"]').click()
    visitor.find("hand-pad").focus()
    for key in ("+", "Space", "ArrowRight", "ArrowRight", "Space", "ArrowDown", "-", "Space", "ArrowLeft", "Space"):
        visitor.page.keyboard.press(key)
    signs = painting_of(visitor, 5)[0]
    assert signs[14, 14:17].tolist() == [1, 1, 1]
    assert signs[15, 15:17].tolist() == [-1, -1]
    for key in ("e", "Space", "Space"):
        visitor.page.keyboard.press(key)
    assert painting_of(visitor, 4)[0, 15, 15] == 0
    visitor.page.keyboard.press("Backspace")
    painting_of(visitor, 5)
    visitor.page.keyboard.press("Escape")
    expect(visitor.find("hand-clear")).to_be_disabled()
    visitor.find("hand-undo").click()
    painting_of(visitor, 5)


def test_the_painting_stays_when_the_digit_changes(look, network):
    visitor = look("#index=63&epsilon=0.3")
    visitor.find("hand").click()
    paint(visitor, *ACROSS)
    sign = painting_of(visitor, count_of(visitor))
    images, labels = load_mnist("test")
    visitor.find("board").locator("[data-index]").nth(30).click()
    index = int(visitor.find("board").locator("[data-index]").nth(30).get_attribute("data-index"))
    flip = smallest(network, images[index], int(labels[index]), sign)
    expect(visitor.find("hand-yours")).to_have_attribute("data-epsilon", str(flip or ""))
    expect(visitor.page.locator(".proof").first).to_contain_text("Your painting")


def test_a_digit_whose_pixels_the_server_sends_is_painted_on(look, network):
    visitor = look("#index=63&epsilon=0.3&attack=pgd&compare=noise")
    visitor.find("hand").click()
    paint(visitor, *ACROSS)
    sign = painting_of(visitor, count_of(visitor))
    visitor.find("random").click()
    visitor.page.wait_for_function("!location.hash.includes('index=63&')")
    index = int(hash_of(visitor.page, "index=")["index"])
    images, labels = load_mnist("test")
    flip = smallest(network, images[index], int(labels[index]), sign)
    expect(visitor.find("hand-yours")).to_have_attribute("data-epsilon", str(flip or ""))
    expect(visitor.page.locator(".proof").first).to_contain_text("Your painting")
    visitor.find("hand").click()


def test_a_network_that_the_page_cannot_compute_offers_one_that_it_can(look):
    visitor = look("#index=63&epsilon=0.3&model=binarised")
    visitor.find("hand").click()
    expect(visitor.page.locator(".hand-unable")).to_contain_text("cannot compute")
    expect(visitor.find("hand-pad")).to_be_hidden()
    visitor.find("hand-offer").click()
    expect(visitor.find("model")).to_have_value("standard")
    expect(visitor.find("hand-pad")).to_be_visible()
    expect(visitor.find("hand-theirs")).to_contain_text("The gradient: from 0.0895")


def test_the_machine_turns_few_pixels_over(look, network, digit):
    turned, count = few_pixels(network, *digit)
    reads = int(network(turned[None]).argmax())
    visitor = look("#index=63")
    visitor.find("hand").click()
    visitor.find("few-run").click()
    expect(visitor.find("few-status")).to_have_text(f"{count} of 784 pixels flipped, and the network says {reads}.")
    shown = visitor.page.locator(".few-pixels canvas").nth(1).evaluate(RED)
    assert shown == (turned.flatten() * 255).round().int().tolist()
    visitor.find("board").locator("[data-index]").nth(12).click()
    expect(visitor.find("few-status")).to_be_empty()


def test_a_finger_paints_and_does_not_scroll(visit):
    visitor = visit("#index=63&epsilon=0.3&lang=en", **PHONE)
    visitor.find("hand").tap()
    pad = visitor.find("hand-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box["width"] > 300
    scrolled = visitor.page.evaluate("scrollY")
    touch = visitor.context.new_cdp_session(visitor.page)
    for kind, *share in (("touchStart", 0.5, 0.2), ("touchMove", 0.5, 0.5), ("touchMove", 0.5, 0.8), ("touchEnd",)):
        points = [{"x": box["x"] + share[0] * box["width"], "y": box["y"] + share[1] * box["height"]}] if share else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(visitor.find("hand-undo")).to_be_enabled()
    assert count_of(visitor) > 30
    assert visitor.page.evaluate("scrollY") == scrolled
    for target in ("hand", "hand-undo", "hand-hint", "few-run"):
        box = visitor.find(target).bounding_box()
        assert box["height"] >= 44 <= box["width"], target
