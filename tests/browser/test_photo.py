"""Photographs in Explore: however they come, their digits are those that Python finds, and can be picked."""

import base64
import io

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import expect

from advdemo.images.photo import digits_in
from advdemo.images.picture import open_picture
from advdemo.networks.predict import predict
from tests.browser.visitor import THREE
from tests.photos import sheet_of_ten

TURNED = 6  # EXIF: to be shown turned by 90 degrees clockwise
ARRIVE = """([way, content, type]) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], "picture", { type }));
    const how = { bubbles: true, cancelable: true };
    const event = way === "paste"
        ? new ClipboardEvent("paste", { ...how, clipboardData: transfer })
        : new DragEvent(way, { ...how, dataTransfer: transfer });
    return document.querySelector("#explore .result").dispatchEvent(event);
}"""
HOLD = """() => {
    const ask = window.fetch;
    const held = new Promise((resolve) => { window.release = resolve; });
    window.fetch = async (address, options) => {
        if (!String(address).endsWith("/ask/photo")) return ask(address, options);
        window.fetch = ask;
        window.signal = options.signal;
        return ask(address, await held ?? options);
    };
}"""
LOSE = """() => {
    const ask = window.fetch;
    window.fetch = async (address, options) => {
        if (!String(address).endsWith("/ask/photo")) return ask(address, options);
        window.fetch = ask;
        throw new TypeError("offline");
    };
}"""


@pytest.fixture(scope="module")
def digits(mnist_test):
    return (mnist_test[0][:100, 0] * 255).byte().numpy()


@pytest.fixture(scope="module")
def sheet(digits, mnist_test):
    """Ten digits as a JPEG that EXIF turns."""
    upright = Image.fromarray(sheet_of_ten(digits, mnist_test)[0]).convert("RGB")
    return jpeg(upright.rotate(90, expand=True), TURNED)


def jpeg(picture, orientation=1):
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x112] = orientation
    picture.save(file, "JPEG", exif=exif, quality=92)
    return file.getvalue()


def single(digits):
    return jpeg(Image.fromarray(255 - digits[0]).resize((400, 400)).convert("RGB"))


def found_in(content):
    return digits_in(open_picture(io.BytesIO(content), name="it"))


def choose(visitor, content, kind="image/jpeg"):
    visitor.find("photo-file").set_input_files({"name": "picture", "mimeType": kind, "buffer": content})


def arrive(visitor, way, content, kind="image/jpeg"):
    """Paste a picture, or drop it; whether the browser would still do what it does by itself."""
    return visitor.page.evaluate(ARRIVE, [way, base64.b64encode(content).decode(), kind])


def told(visitor):
    return expect(visitor.find("photo-status"))


def thumbnail(visitor, number):
    return visitor.find("photo-digits").locator("button").nth(number)


def wait_for(visitor, found, lenet):
    """Until the digit on screen is this one, read as Python reads it."""
    visitor.wait_for_image((found.image * 255).round().int().flatten().tolist(), same=True)
    probabilities = predict(lenet, found.image[None])[0]
    read = visitor.find("prediction-clean")
    expect(read).to_have_attribute("data-digit", str(int(probabilities.argmax())))
    assert float(read.get_attribute("data-confidence")) == pytest.approx(float(probabilities.max()), abs=1e-4)


def test_ten_digits_of_a_sheet_are_offered_and_picked(visit, sheet, lenet):
    visitor = visit()
    visitor.find("source-photo").click()
    before = visitor.pixels("image-clean")
    choose(visitor, sheet)
    told(visitor).to_have_text("10 digits found: choose one.")
    expect(visitor.find("photo-digits").locator("button")).to_have_count(10)
    visitor.page.wait_for_timeout(200)
    assert visitor.pixels("image-clean") == before  # which of them is the visitor's choice
    found = found_in(sheet)
    thumbnail(visitor, 2).click()
    wait_for(visitor, found[2], lenet)
    expect(visitor.page.locator(".truth-source")).to_contain_text("the network's prediction")
    # In the picture, by keyboard.
    outlines = visitor.page.get_by_role("group", name="The digits in your picture")
    outlines.get_by_role("button", name="Digit 3 of 10").focus()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("Enter")
    wait_for(visitor, found[3], lenet)
    expect(thumbnail(visitor, 3)).to_have_attribute("aria-pressed", "true")
    picture = visitor.find("photo-picture").bounding_box()
    assert picture["width"] == pytest.approx(2 * picture["height"], rel=0.01)  # turned
    for outline, (left, top, right, _) in zip(
        outlines.get_by_role("button").all(), [f.box for f in found], strict=True
    ):
        box = outline.bounding_box()
        assert box["x"] - picture["x"] == pytest.approx(left * picture["width"] / 1000, abs=0.5)
        assert box["y"] - picture["y"] == pytest.approx(top * picture["height"] / 500, abs=0.5)
        assert box["width"] == pytest.approx((right - left) * picture["width"] / 1000, abs=0.5)


def test_digits_stay_for_the_visit_and_travel_in_links(visit, sheet, lenet):
    visitor = visit()
    choose(visitor, sheet)
    thumbnail(visitor, 8).click()
    found = found_in(sheet)
    wait_for(visitor, found[8], lenet)
    visitor.page.wait_for_url("**drawing=**")
    link = visitor.page.url
    visitor.find("source-pick").click()
    visitor.find("board").locator("button").first.click()
    visitor.page.wait_for_url("**index=**")
    visitor.find("source-photo").click()
    wait_for(visitor, found[8], lenet)
    visitor.page.evaluate("hash => { location.hash = hash; }", link.split("#")[1] + "&epsilon=0.1")
    expect(visitor.find("source-draw")).to_have_attribute("aria-pressed", "true")
    wait_for(visitor, found[8], lenet)
    expect(visitor.find("pad-clear")).to_be_enabled()  # the pad shows it


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_picture_pasted_or_dropped_is_taken_at_once(visit, digits, lenet, way):
    visitor = visit()
    content = single(digits)
    if way == "drop":
        assert not arrive(visitor, "dragover", content)
        expect(visitor.page.locator(".explore.dropping")).to_have_count(1)
    assert not arrive(visitor, way, content)
    expect(visitor.page.locator(".explore.dropping")).to_have_count(0)
    expect(visitor.find("source-photo")).to_have_attribute("aria-pressed", "true")
    told(visitor).to_have_text("One digit found.")
    wait_for(visitor, found_in(content)[0], lenet)


def test_pictures_that_do_not_concern_explore_are_left_alone(visit, digits):
    visitor = visit()
    visitor.page.click("#tab-train-button")
    for way in ("paste", "dragover", "drop"):
        assert arrive(visitor, way, single(digits))
    visitor.page.click("#tab-explore-button")
    expect(visitor.find("source-pick")).to_have_attribute("aria-pressed", "true")


def test_what_is_too_large_is_sent_smaller_and_turned(visit, sheet):
    upright = open_picture(io.BytesIO(sheet), name="it").pixels
    large = jpeg(Image.fromarray(upright[..., :3]).resize((3000, 1500)).rotate(90, expand=True), TURNED)
    large += bytes(4_000_001 - len(large))
    visitor = visit()
    with visitor.page.expect_request("**/ask/photo") as asked:
        choose(visitor, large)
    sent = Image.open(io.BytesIO(base64.b64decode(asked.value.post_data_json["file"])))
    assert (sent.format, sent.size) == ("JPEG", (2000, 1000))
    told(visitor).to_have_text("10 digits found: choose one.")


def test_what_only_the_browser_opens_is_redrawn(visit, digits, lenet):
    drawing = Image.fromarray(255 - digits[0]).resize((400, 400)).convert("RGB")
    file = io.BytesIO()
    drawing.save(file, "BMP")  # stands for HEIC, which no Chromium opens
    visitor = visit()
    with visitor.page.expect_request("**/ask/photo") as asked:
        choose(visitor, file.getvalue(), "image/bmp")
    content = base64.b64decode(asked.value.post_data_json["file"])
    redrawn = Image.open(io.BytesIO(content))
    assert redrawn.format == "PNG"
    difference = ImageChops.difference(redrawn.convert("RGB"), drawing)
    assert difference.getextrema()[0][1] <= 1  # of 255
    wait_for(visitor, found_in(content)[0], lenet)


def test_what_neither_browser_nor_server_opens_is_told_what_to_do(visit):
    """An iPhone's HEIC, which its own Safari opens and no Chromium."""
    visitor = visit()
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(2000)
    with visitor.page.expect_request("**/ask/photo") as asked:
        choose(visitor, heic, "image/heic")
    assert base64.b64decode(asked.value.post_data_json["file"]) == heic  # as it is: the server may know it
    told(visitor).to_have_text("This is not a picture that can be read: try a PNG or a JPEG.")
    expect(visitor.find("photo-digits").locator("button")).to_have_count(0)


def test_each_refusal_is_a_sentence_in_place(visit, digits, sheet):
    visitor = visit()
    blank = jpeg(Image.new("RGB", (300, 200), "white"))
    for content, kind, words in (
        (blank, "image/jpeg", "No digit stands out in the picture"),
        (b"%PDF-1.7", "application/pdf", "This is not a picture that can be read"),
        (bytes(4_000_001), "image/heic", "A picture may have at most 4 MB"),
    ):
        choose(visitor, content, kind)
        told(visitor).to_contain_text(words)
        expect(visitor.find("photo-digits").locator("button")).to_have_count(0)
        expect(visitor.find("photo-picture")).to_be_visible(visible=content is blank)
    choose(visitor, sheet[: len(sheet) * 9 // 10])
    told(visitor).to_contain_text("The file is cut off")
    refusals = []
    visitor.page.route("**/ask/photo", lambda route: (refusals.append(route), route.fulfill(status=413, body="<html>")))
    choose(visitor, single(digits))
    told(visitor).to_have_text("A proxy on the way to the server refuses a request of this size.")
    visitor.page.wait_for_timeout(1500)  # longer than the first pause before another try
    assert len(refusals) == 1
    visitor.page.unroute("**/ask/photo")
    visitor.page.evaluate(LOSE)
    choose(visitor, single(digits))
    told(visitor).to_have_text("Only the server finds digits in pictures, and it does not answer. Trying again in 1 s.")
    told(visitor).to_have_text("One digit found.")


@pytest.mark.slow
def test_a_late_reply_takes_nothing_from_the_visitor(visit, digits, sheet, lenet):
    visitor = visit()
    content = single(digits)
    visitor.page.evaluate(HOLD)
    choose(visitor, sheet)
    told(visitor).to_have_text("Looking for digits…")
    visitor.page.wait_for_function("window.signal")
    choose(visitor, content)  # a newer picture replaces the one before
    told(visitor).to_have_text("One digit found.")
    assert visitor.page.evaluate("window.signal.aborted")
    visitor.page.evaluate(HOLD)
    choose(visitor, content)
    told(visitor).to_have_text("Looking for digits…")
    visitor.find("source-draw").click()
    visitor.draw(*THREE)
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "3")
    visitor.page.evaluate("window.release()")
    told(visitor).to_have_text("One digit found.")
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "3")
    visitor.find("source-photo").click()
    wait_for(visitor, found_in(content)[0], lenet)
