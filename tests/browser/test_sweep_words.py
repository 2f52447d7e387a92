"""The Sweep tab in two languages, and with names that are markup: what is said of a sweep, not its figures."""

import base64
import csv
import hashlib
import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser import replies
from tests.browser.tabs import MARKUP, accuracies, open_sweep, read_in, state
from tests.conftest import CHECKPOINT

USE_NETWORK = """async (network) => {
    const { __load } = await import(document.querySelector("#advdemo").src);
    (await __load("shared/networks.js")).useNetwork(network);
}"""
RECORD_PICTURES = """() => {
    const write = XMLSerializer.prototype.serializeToString;
    XMLSerializer.prototype.serializeToString = function (picture) {
        window.written = [...picture.querySelectorAll("text")].map((line) => line.textContent);
        return write.call(this, picture);
    };
}"""


def use_network(page, name, content):
    network = {"hash": hashlib.sha256(content).hexdigest(), "weights": base64.b64encode(content).decode()}
    page.evaluate(USE_NETWORK, network | {"name": name, "accuracy": 0.99})


def save(page, kind):
    with page.expect_download() as download:
        page.click(f'[data-format="{kind}"]')
    return download.value.path().read_bytes()


def figures(page):
    """All that is drawn and is no word."""
    return page.locator(".sweep").evaluate(
        """sweep => [
            [...sweep.querySelectorAll("#sweep-table td, .matrix td, .per-class td, .transfer td, figcaption, .count")]
                .map(({ textContent }) => textContent).filter((text) => !/[a-z]{2}/.test(text) && text.length < 30),
            [...sweep.querySelectorAll("#sweep-chart path")].map((path) => path.getAttribute("d")),
            [...sweep.querySelectorAll("select, input")].map(({ value }) => value),
        ]"""
    )


@pytest.mark.slow
def test_a_network_whose_name_is_markup_is_only_text(visit):
    page = open_sweep(visit(), 500)
    use_network(page, MARKUP, CHECKPOINT.read_bytes())
    title = f"Your LeNet ({MARKUP})"
    expect(page.locator(".sweep .network option:checked")).to_have_text(title)
    page.click("#sweep-run")
    state(page, "done")
    page.click(".sweep .measure")
    expect(page.locator(".transfer-status")).to_contain_text("Measured", timeout=60_000)
    expect(page.locator(".curve-name")).to_contain_text(title)
    expect(page.locator(".curve-chip [data-select]").last).to_contain_text(title)
    expect(page.locator("table.transfer th", has_text=title)).to_have_count(2)
    read_in(page, "zh")
    expect(page.locator("table.transfer th", has_text=f"你的 LeNet（{MARKUP}）")).to_have_count(2)
    (*_, row) = csv.DictReader(save(page, "csv").decode().splitlines())
    assert row["network"] == title
    save(page, "png")
    assert page.locator(".sweep img").count() == 0
    assert page.evaluate("window.ran") is None


@pytest.mark.slow
def test_a_switch_of_language_during_a_sweep_loses_nothing(visit):
    page = open_sweep(visit(), 5000)
    told, first, *others = replies.Replies(page, "sweep"), *replies.sweep()
    page.locator(".sweep .attack").select_option("pgd")
    page.fill(".sweep .epsilons", "0, 0.1, 0.2")
    page.click("#sweep-run")
    told.wait()
    told.say(first)
    expect(page.locator(".sweep .status")).to_contain_text("of 5,000 images")
    read_in(page, "zh")
    expect(page.locator(".sweep .status")).to_contain_text("/ 5,000 张图像")
    state(page, "running")
    expect(page.locator("#sweep-chart .dot")).to_have_count(3)
    expect(page.locator(".curve-name")).to_have_text("标准 LeNet，PGD，40 步")
    total = page.locator("#sweep-table tbody td:nth-child(4)").first
    expect(total).to_have_text(f"{first['result']['done']:,}")
    told.say(others[0])
    expect(total).to_have_text(f"{others[0]['result']['done']:,}")  # it has gone on
    page.click("#sweep-stop")
    state(page, "done")
    expect(page.locator(".sweep .status")).to_contain_text("已停止，完成了")
    before = figures(page)
    read_in(page, "en")
    expect(page.locator(".sweep .status")).to_contain_text("Stopped after")
    assert figures(page) == before
    assert before[2] == ["standard", "pgd", "5000", "0, 0.1, 0.2"]


@pytest.mark.slow
def test_a_switch_of_language_after_a_sweep_changes_the_words_alone(standing):
    page = open_sweep(standing, 500)
    page.add_style_tag(content=".unseen { display: none !important }")  # what is announced comes late
    page.click("#sweep-run")
    state(page, "done")
    page.click(".sweep .measure")
    expect(page.locator(".transfer-status")).to_contain_text("Measured", timeout=60_000)
    expect(page.locator(".sweep .status")).to_contain_text("Transfer measured")
    page.locator(".matrix td.wrong button").first.click()
    expect(page.locator(".cell-examples p")).to_contain_text("classified as")
    before, english = figures(page), page.locator(".sweep").inner_text()
    assert len(before[0]) > 200
    read_in(page, "zh")
    assert figures(page) == before
    for place, words in {
        "#sweep-run": "开始扫描",
        ".sweep .status": "迁移测量完毕",
        ".sweep .count option:checked": "前 500 张",
        ".curve-chip": "标准 LeNet，FGSM",
        ".cell-examples p": "被识别为",
        "table.transfer": "鲁棒 LeNet",
        ".transfer-status": "已测量：FGSM，ε = 0.2，500 张图像",
        ".histogram .never": "从不",
        ".examples .example-row:first-child": "无攻击",
    }.items():
        expect(page.locator(place).first).to_contain_text(words)
    expect(page.locator("#sweep-chart svg")).to_have_attribute("aria-label", "准确率随 ε 的变化")
    expect(page.locator(".matrix td.wrong button").first).to_have_attribute("aria-label", re.compile("张 . 被识别为"))
    read_in(page, "en")
    assert page.locator(".sweep").inner_text() == english


def test_an_error_stays_through_a_switch_of_language(standing):
    page = open_sweep(standing, 500)
    page.fill(".sweep .epsilons", "cat")
    page.click("#sweep-run")
    state(page, "done")
    english = page.locator(".sweep .status.failed").inner_text()
    read_in(page, "zh")
    expect(page.locator(".sweep .status.failed")).to_contain_text("ε 的值必须是数")
    read_in(page, "en")
    expect(page.locator(".sweep .status.failed")).to_have_text(english)


def test_a_transfer_that_fails_says_so_in_both_languages(visit):
    page = open_sweep(visit(), 500)
    use_network(page, "broken", b"no safetensors file")
    page.click(".sweep .measure")
    state(page, "done")
    english = page.locator(".transfer-status").inner_text()
    assert re.search("[a-z]", english)
    assert "easur" not in english
    read_in(page, "zh")
    expect(page.locator(".transfer-status")).to_contain_text(re.compile("[一-鿿]"))
    read_in(page, "en")
    expect(page.locator(".transfer-status")).to_have_text(english)


def test_exports_for_programs_are_in_english_and_the_picture_is_in_the_page_s_language(standing):
    page = open_sweep(standing, 500)
    read_in(page, "zh")
    page.click("#sweep-run")
    state(page, "done")
    header, row, *_ = save(page, "csv").decode().splitlines()
    assert header == "epsilon,correct,total,accuracy,network,attack"
    assert row.endswith(',"Standard LeNet",fgsm')
    (curve,) = json.loads(save(page, "json"))
    assert (curve["name"], curve["attack"]) == ("Standard LeNet, fgsm", "fgsm")
    assert curve["accuracies"] == [int(correct) / 500 for correct in curve["correct"]]
    page.evaluate(RECORD_PICTURES)
    save(page, "png")
    written = page.evaluate("window.written")
    assert {"标准 LeNet，FGSM，500 张图像", "PyTorch 教程公布的数值（虚线）"} <= set(written)
    assert len(accuracies(page)) == 7


def test_an_attack_of_many_gradients_begins_with_1000_images_and_the_buttons_say_so(standing):
    page = open_sweep(standing, 10_000)
    page.locator(".sweep .attack").select_option("noise")
    expect(page.locator(".sweep .count")).to_have_value("10000")
    page.locator(".sweep .attack").select_option("pgd")
    expect(page.locator(".sweep .count")).to_have_value("1000")
    expect(page.locator(".sweep .measure")).to_have_text("Measure: PGD, 40 steps, ε = 0.2, 1,000 images")


def test_a_stopped_transfer_says_so(visit):
    page = open_sweep(visit(), 10_000)
    told = replies.Replies(page, "transfer")
    page.click(".sweep .measure")
    told.wait()
    expect(page.locator(".transfer-status")).to_contain_text("Measuring")
    page.click("#sweep-stop")
    expect(page.locator(".transfer-status")).to_have_text("Stopped: FGSM, ε = 0.2, 10,000 images.")
    read_in(page, "zh")
    expect(page.locator(".transfer-status")).to_have_text("已停止：FGSM，ε = 0.2，10,000 张图像。")
