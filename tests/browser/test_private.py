"""A browser that protects privacy falsifies what pages read from a canvas: drawing and sharing do without."""

import io
import re
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.tabs import open_sweep, state
from tests.browser.visitor import DESK, THREE, Visitor

# As Firefox's resistFingerprinting has it: noise in place of pixels, and a white picture in place of the canvas's.
POISON = """
CanvasRenderingContext2D.prototype.getImageData = function (x, y, width, height) {
    window.reads = (window.reads ?? 0) + 1;
    const data = Uint8ClampedArray.from({ length: 4 * width * height }, () => 256 * Math.random());
    return new ImageData(data, width, height);
};
HTMLCanvasElement.prototype.toDataURL = () => { throw new Error("toDataURL"); };
HTMLCanvasElement.prototype.toBlob = () => { throw new Error("toBlob"); };
delete window.OffscreenCanvas;
"""
SVG = "{http://www.w3.org/2000/svg}"
pytestmark = pytest.mark.slow


@pytest.fixture
def private(chromium, app_url):
    context = chromium.new_context(**DESK)
    context.add_init_script(POISON)
    visitor = Visitor(context, app_url, "#lang=en")
    yield visitor
    visitor.check()
    context.close()


def test_drawing_scanning_and_sharing_read_no_canvas(private, tmp_path):
    page = private.page
    page.get_by_role("button", name="Draw").click()
    private.draw(*THREE)
    page.wait_for_url("**drawing=**")
    expect(private.find("prediction-clean")).to_have_attribute("data-digit", "3")
    private.set_epsilon(0.3)
    assert page.evaluate("window.reads") is None
    page.get_by_role("button", name="Share").click()
    expect(page.locator(".share-status")).to_contain_text("SVG file instead of a PNG")
    expect(page.locator(".share-picture")).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save picture").click()
    assert saving.value.suggested_filename == "advdemo.svg"
    path = tmp_path / "picture.svg"
    saving.value.save_as(path)
    sheet = ElementTree.parse(path)
    clean, _, adversarial = sheet.findall(f"{SVG}g")
    for image in (clean, adversarial):
        greys = [int(re.match(r"rgb\((\d+)", cell.get("fill"))[1]) for cell in image]
        assert len(greys) == 784
        assert max(greys) == 255
    assert any("ε = 0.300" in line.text for line in sheet.findall(f"{SVG}text"))


def test_photographs_travel_unread_and_a_large_one_gets_a_sentence(private, mnist_test):
    digit = Image.fromarray((255 * (1 - mnist_test[0][0, 0])).byte().numpy()).resize((280, 280))
    file = io.BytesIO()
    digit.save(file, "PNG")
    picture = {"name": "digit.png", "mimeType": "image/png", "buffer": file.getvalue()}
    private.find("photo-file").set_input_files(picture)
    expect(private.find("photo-status")).to_have_text("One digit found.")
    expect(private.find("prediction-clean")).to_have_attribute("data-digit", "7")
    assert private.page.evaluate("window.reads") is None
    picture["buffer"] += bytes(4_000_000)
    private.find("photo-file").set_input_files(picture)
    expect(private.find("photo-status")).to_contain_text("lets no page shrink a picture: shrink it to 4 MB yourself")


def test_the_sweep_s_picture_is_svg_and_says_so(private):
    page = open_sweep(private, 500)
    page.click("#sweep-run")
    state(page, "done")
    with page.expect_download() as saving:
        page.click('[data-format="png"]')
    assert saving.value.suggested_filename == "advdemo-sweep.svg"
    expect(page.locator(".sweep .status")).to_contain_text("SVG file instead of a PNG")
