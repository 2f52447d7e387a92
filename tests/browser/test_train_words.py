"""The Train tab in two languages, and with files whose names are markup."""

import pytest
from playwright.sync_api import expect

from tests.browser import replies
from tests.browser.tabs import MARKUP, open_train, read_in
from tests.conftest import CHECKPOINT

UPLOAD = {"name": f"{MARKUP}.safetensors", "mimeType": "application/octet-stream"}


def figures(page):
    """All that is drawn and is no word."""
    return page.locator(".train").evaluate(
        """train => [
            [...train.querySelectorAll("path")].map((path) => path.getAttribute("d")),
            [...train.querySelectorAll(".confusion tbody td")].map(({ textContent }) => textContent),
            [...train.querySelectorAll(".per-class span")].map(({ textContent }) => textContent),
            [...train.querySelectorAll("select, input:not([type=file])")].map(({ value }) => value),
        ]"""
    )


@pytest.mark.slow
def test_a_switch_of_language_during_a_training_loses_nothing(visit):
    page = open_train(visit())
    status = page.locator(".train .status")
    page.fill(".train .epochs", "2")
    told, (begun, first, second) = replies.Replies(page, "train"), replies.training()
    page.click("#train-run")
    told.wait()
    told.say(begun, first, {"update": {"progress": second["update"]["progress"] | {"share": 0.75}}})
    expect(status).to_contain_text("Epoch 2 of 2")
    read_in(page, "zh")
    expect(page.locator("#train-run")).to_have_text("开始训练")
    assert page.locator(".train").get_attribute("data-state") == "running"
    assert page.locator("#train-chart path.held-out").count() == 2
    expect(status).to_contain_text("第 2 / 2 轮")
    told.say(second)
    told.end()
    expect(status).to_contain_text("2 轮，用时")  # it has gone on
    expect(page.locator(".train .use")).to_be_enabled()
    page.click(".train .use")
    drawn = curves, counts, _, settings = figures(page)
    assert len(curves) == 4
    assert sum(map(int, counts)) == 10_000
    assert settings[:2] == ["quick", "2"]

    read_in(page, "en")
    expect(status).to_contain_text("2 epochs in")
    expect(page.locator(".train .summary")).to_contain_text("accuracy on the 10,000 test images")
    expect(page.locator(".train .in-use")).to_contain_text("in use: quick")
    expect(page.locator(".train .use")).to_be_enabled()
    assert figures(page) == drawn


def test_a_file_whose_name_is_markup_is_only_text(visit):
    page = open_train(visit())
    page.set_input_files(".train .file", UPLOAD | {"buffer": CHECKPOINT.read_bytes()})
    expect(page.locator(".train .use")).to_be_enabled()
    page.click(".train .use")
    for place in (".status", ".summary", ".in-use"):
        expect(page.locator(f".train {place}")).to_contain_text(UPLOAD["name"])
    read_in(page, "zh")
    expect(page.locator(".train .in-use")).to_have_text(f"正在使用：{UPLOAD['name']}")
    page.set_input_files(".train .file", UPLOAD | {"buffer": b"0" * 1_500_000})
    expect(page.locator(".train .summary")).to_contain_text(f"{UPLOAD['name']} 有 1,500,000 字节")
    assert page.locator(".train img").count() == 0
    assert page.evaluate("window.ran") is None


def test_an_error_stays_through_a_switch_of_language(standing):
    page = open_train(standing)
    page.fill(".train .epochs", "99999")
    page.click("#train-run")
    expect(page.locator(".train .status.failed")).to_contain_text("99999")
    english = page.locator(".train .status").inner_text()
    read_in(page, "zh")
    expect(page.locator(".train .status.failed")).to_contain_text("99999")
    chinese = page.locator(".train .status").inner_text()
    assert chinese != english
    read_in(page, "en")
    expect(page.locator(".train .status.failed")).to_have_text(english)
