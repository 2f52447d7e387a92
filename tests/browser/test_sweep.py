import csv
import json

import pytest
from playwright.sync_api import expect

from advdemo.data import load_mnist
from advdemo.model import load_checkpoint
from advdemo.sweep import sweep
from app import CHECKPOINT


def open_sweep(visitor, count=1000):
    visitor.page.get_by_role("tab", name="Accuracy sweep").click()
    visitor.page.locator(".sweep .count").select_option(str(count))
    return visitor.page


def state(page, name, timeout=60_000):
    expect(page.locator(".sweep")).to_have_attribute("data-state", name, timeout=timeout)


def accuracies(page):
    return [float(cell) for cell in page.locator("#sweep-table tbody td:nth-child(5)").all_inner_texts()]


@pytest.fixture(scope="module")
def expected():
    images, labels = load_mnist("test")
    return sweep(load_checkpoint(CHECKPOINT, "cpu")[0], images[:1000], labels[:1000])


def test_run_shows_the_sweep_s_own_figures(visit, expected):
    page = open_sweep(visit())
    page.click("#sweep-run")
    state(page, "done")
    assert accuracies(page) == pytest.approx(expected.accuracies, abs=1e-4)
    assert page.locator("#sweep-chart .dot").count() == 7
    rows = page.locator(".example-row")
    assert rows.count() == 7
    shown = rows.nth(6).locator("figcaption").all_inner_texts()
    assert shown == [f"{example.before} → {example.after}" for example in expected.examples[6]]


def test_downloads(visit, expected):
    page = open_sweep(visit())
    page.click("#sweep-run")
    state(page, "done")
    files = {}
    for kind in ("csv", "json", "png"):
        with page.expect_download() as download:
            page.click(f'[data-format="{kind}"]')
        assert download.value.suggested_filename == f"advdemo-sweep.{kind}"
        files[kind] = download.value.path()
    rows = list(csv.DictReader(files["csv"].read_text().splitlines()))
    assert [int(row["correct"]) for row in rows] == expected.correct.tolist()
    assert json.loads(files["json"].read_text())["correct"] == expected.correct.tolist()
    assert files["png"].read_bytes().startswith(b"\x89PNG")


def test_stop_keeps_what_was_measured(visit):
    page = open_sweep(visit(), 10_000)
    page.fill(".sweep .epsilons", ", ".join(str(step / 100) for step in range(21)))
    page.click("#sweep-run")
    expect(page.locator("#sweep-chart .dot").first).to_be_visible(timeout=30_000)
    page.click("#sweep-stop")
    state(page, "done")
    expect(page.locator(".sweep .status")).to_contain_text("Stopped after")
    count = page.locator("#sweep-table tbody td:nth-child(4)").first.inner_text()
    page.wait_for_timeout(500)
    assert page.locator("#sweep-table tbody td:nth-child(4)").first.inner_text() == count != "10,000"
    expect(page.locator("#sweep-run")).to_be_enabled()


def test_two_visitors_do_not_disturb_each_other(visit, expected):
    one, two = open_sweep(visit()), open_sweep(visit(), 500)
    one.click("#sweep-run")
    two.fill(".sweep .epsilons", "0.3, 0")
    two.click("#sweep-run")
    state(one, "done")
    state(two, "done")
    assert accuracies(one) == pytest.approx(expected.accuracies, abs=1e-4)
    assert len(accuracies(two)) == 2


@pytest.mark.parametrize("text", ["", "cat", "0, 2", "nan", "0 " * 30])
def test_bad_epsilons_get_one_clear_sentence(visit, text):
    page = open_sweep(visit())
    page.fill(".sweep .epsilons", text)
    page.click("#sweep-run")
    state(page, "done")
    expect(page.locator(".sweep .status.failed")).to_contain_text("ε")
