"""A phone in the hand: one screen from the stroke to its effect, a reading that follows, targets for thumbs."""

import io
import itertools
import json
import re
import urllib.request

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import expect

from tests.browser.tabs import settle
from tests.browser.visitor import PHONE, THREE
from tests.photos import sheet_of_ten

SIZES = {"phone": (390, 844), "small": (360, 740), "landscape": (844, 390)}


class Finger:
    """One finger on the pad, at places given as shares of it."""

    def __init__(self, visitor):
        self.box = visitor.find("pad").bounding_box()
        self.session = visitor.context.new_cdp_session(visitor.page)

    def send(self, kind, *places):
        points = [
            {"x": self.box["x"] + x * self.box["width"], "y": self.box["y"] + y * self.box["height"]} for x, y in places
        ]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


SOURCES = {
    "pick": '[data-testid="board"]',
    "generate": ".latent-frame",
    "photo": '[data-testid="photo-digits"]',
    "draw": ".pad-frame",
}


@pytest.mark.slow
def test_stroke_pictures_and_slider_share_one_screen(visit, mnist_test):
    visitor = visit("#lang=en", **PHONE)
    page, tall = visitor.page, io.BytesIO()
    digits = (mnist_test[0][:100, 0] * 255).byte().numpy()
    sheet = Image.fromarray(sheet_of_ten(digits, mnist_test)[0])
    ImageOps.pad(sheet.convert("L"), (1000, 1500), color=200).save(tall, "PNG")
    visitor.find("photo-file").set_input_files({"name": "tall", "mimeType": "image/png", "buffer": tall.getvalue()})
    expect(visitor.find("photo-digits").locator("button")).to_have_count(10)
    for language, (name, size), mode in itertools.product(("en", "zh"), SIZES.items(), SOURCES):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        page.evaluate("scrollTo(0, 0)")
        height = page.evaluate("innerHeight")
        page.locator(f'[data-language="{language}"]').tap()
        expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{language}"))
        page.locator(f'[data-show="{mode}"]').tap()
        for part in (SOURCES[mode], ".pictures", ".slider"):
            box = page.locator(part).bounding_box()
            assert 0 <= box["y"] <= height - box["height"], (language, name, mode, part, box)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1]
        assert page.get_by_role("tab").count() == 5  # none is in a menu
        assert page.locator(".overflow-menu").is_hidden()


def test_targets_are_large_enough_for_a_thumb(visit):
    visitor = visit("#lang=en", **PHONE)
    page = visitor.page
    for mode, targets in {
        "pick": [visitor.find("random"), visitor.find("model"), visitor.find("attack"), visitor.find("true-label")],
        "draw": [visitor.find("pad-undo"), visitor.find("pad-clear"), visitor.find("epsilon"), page.locator(".play"),
                 page.locator(".share-open"), page.locator('[data-language="zh"]'), visitor.find("flip-epsilon")],
    }.items():  # fmt: skip
        page.locator(f'[data-show="{mode}"]').tap()
        for target in [*targets, page.locator(f'[data-show="{mode}"]')]:
            box = target.bounding_box()
            assert box["height"] >= 44 <= box["width"], target


def test_the_thumb_stands_where_the_track_says(visit):
    visitor = visit("#index=63&lang=en", **PHONE)
    visitor.find("flip-epsilon").tap()
    expect(visitor.find("epsilon-value")).to_have_text("0.090")
    mark = visitor.page.locator(".flip-mark").first.bounding_box()
    track = visitor.find("epsilon").bounding_box()
    visitor.page.touchscreen.tap(mark["x"] + mark["width"] / 2, track["y"] + track["height"] / 2)
    assert abs(float(visitor.find("epsilon-value").inner_text()) - 0.0895) <= 0.0051


def test_the_prediction_follows_the_stroke_without_a_request(visit):
    visitor = visit("#lang=en", **PHONE)
    page = visitor.page
    page.locator('[data-show="draw"]').tap()
    settle(visitor)
    visitor.requests.clear()
    finger = Finger(visitor)
    finger.send("touchStart", THREE[0])
    for (x0, y0), (x1, y1) in itertools.pairwise(THREE):
        for step in range(1, 9):
            finger.send("touchMove", (x0 + (x1 - x0) * step / 8, y0 + (y1 - y0) * step / 8))
    expect(page.locator(".truth-source")).to_contain_text("the network's prediction")  # the finger is still down
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "3")
    assert "drawing=" not in page.evaluate("location.hash")  # only what is finished is in the link
    assert max(visitor.pixels("image-clean")) == 255
    finger.send("touchEnd")
    page.wait_for_function("location.hash.includes('drawing=')")
    expect(visitor.find("proof")).to_contain_text("(certified)")
    assert not [url for url in visitor.requests if "/ask/" in url]
    assert page.evaluate("scrollY") == 0


def test_a_slow_server_gets_no_queue_and_the_finished_stroke_is_answered(visit):
    visitor = visit("#attack=pgd&lang=en", **PHONE)
    page = visitor.page
    page.locator('[data-show="draw"]').tap()
    questions = []

    def slowly(route):
        questions.append(route.request.post_data_json)
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/ask/scan", slowly)
    finger = Finger(visitor)
    finger.send("touchStart", THREE[0])
    for place in THREE[1:]:
        finger.send("touchMove", place)
        page.wait_for_timeout(50)
    finger.send("touchEnd")
    page.wait_for_function("location.hash.includes('drawing=')", timeout=20_000)
    assert len(questions) <= 4
    assert {question["sides"][0]["attack"] for question in questions[:-1]} <= {"noise"}  # PGD waits for the end
    assert questions[-1]["sides"][0]["attack"] == "pgd"
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "3")
    expect(page.locator(".explore.reading")).to_have_count(0)


def test_the_page_can_be_installed(app_url):
    with urllib.request.urlopen(f"{app_url}/manifest.json") as reply:
        manifest = json.load(reply)
    assert manifest["name"].startswith("advdemo")
    assert manifest["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    for icon in manifest["icons"]:
        with urllib.request.urlopen(app_url + icon["src"]) as reply:
            content = reply.read()
        assert content.startswith(b"\x89PNG")
        size = int(icon["sizes"].split("x")[0])
        assert int.from_bytes(content[16:20]) == size
