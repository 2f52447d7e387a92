import csv
import json

import pytest
from playwright.sync_api import expect

from advdemo.measures.bounds import certified_stream
from advdemo.measures.sweep import sweep
from tests.browser import replies
from tests.browser.tabs import accuracies, open_sweep, state


@pytest.fixture(scope="module")
def expected(lenet, mnist_test):
    return sweep(lenet, *(part[:1000] for part in mnist_test))


@pytest.fixture
def measured(standing):
    """The module's page with a sweep of 1,000 images."""
    page = open_sweep(standing)
    page.click("#sweep-run")
    state(page, "done")
    return standing


def test_run_shows_the_sweep_s_own_figures(measured, expected):
    page = measured.page
    assert accuracies(page) == pytest.approx(expected.accuracies, abs=1e-4)
    assert page.locator("#sweep-chart .dot").count() == 7
    rows = page.locator(".example-row")
    assert rows.count() == 7
    shown = rows.nth(6).locator("figcaption").all_inner_texts()
    assert shown == [f"{example.before} → {example.after}" for example in expected.examples[6]]


def test_a_proof_is_a_curve_and_the_truth_lies_between_it_and_the_attack(standing, certified, mnist_test):
    page = open_sweep(standing, 500)
    for panel in ("table", "matrix", "class", "examples"):
        expect(page.locator(f".sweep .{panel}-panel")).to_be_hidden()  # there is nothing to show
    page.locator(".sweep .network").select_option("certified")
    for attack in ("fgsm", "intervals"):
        expect(page.locator(".sweep .if-band")).to_be_hidden()
        page.locator(".sweep select.attack").select_option(attack)
        page.click("#sweep-run")
        state(page, "done")
    *_, proved = certified_stream(certified, *(part[:500] for part in mnist_test))
    assert accuracies(page) == pytest.approx(proved.accuracies, abs=1e-4)
    expect(page.locator("#sweep-chart .area")).to_have_count(1)
    expect(page.locator(".sweep .if-band")).to_be_visible()
    expect(page.locator(".curve-chip").last).to_contain_text("Certified LeNet, certified by intervals")
    heads = page.locator("#sweep-table th:visible")
    expect(heads).to_have_text(["ε", "× 255", "certified", "total", "certified accuracy"])
    expect(page.locator(".examples-panel")).to_be_hidden()  # a proof has none
    page.locator(".curve-chip [data-select]").first.click()
    expect(page.locator(".examples-panel")).to_be_visible()
    expect(heads).to_have_text(["ε", "× 255", "correct", "total", "accuracy"])  # the tutorial knows no such network


def test_a_proof_can_be_stopped(standing):
    page = open_sweep(standing, 10_000)
    page.locator(".sweep select.attack").select_option("crown")
    page.click("#sweep-run")
    expect(page.locator(".sweep .status")).to_contain_text("of 200", timeout=60_000)
    page.click("#sweep-stop")
    state(page, "done", timeout=2_000)
    expect(page.locator(".sweep .status")).to_contain_text("Stopped")
    assert accuracies(page)[0] > 0.9


def test_downloads(measured, expected):
    page, files = measured.page, {}
    for kind in ("csv", "json", "png"):
        with page.expect_download() as download:
            page.click(f'[data-format="{kind}"]')
        assert download.value.suggested_filename == f"advdemo-sweep.{kind}"
        files[kind] = download.value.path()
    rows = list(csv.DictReader(files["csv"].read_text().splitlines()))
    assert [int(row["correct"]) for row in rows] == expected.correct.tolist()
    (curve,) = json.loads(files["json"].read_text())
    assert (curve["correct"], curve["attack"]) == (expected.correct.tolist(), "fgsm")
    assert files["png"].read_bytes().startswith(b"\x89PNG")


def test_curves_are_added_and_removed(standing, lenet, mnist_test):
    page = open_sweep(standing, 500)
    chips = page.locator(".curve-chip")
    for place, (network, attack) in enumerate(
        [("standard", "fgsm"), ("robust", "fgsm"), ("standard", "noise")], start=1
    ):
        page.locator(".sweep .network").select_option(network)
        page.locator(".sweep .attack").select_option(attack)
        page.click("#sweep-run")
        expect(chips).to_have_count(place, timeout=60_000)
        state(page, "done")
    images, labels = mnist_test
    noise = sweep(lenet, images[:500], labels[:500], attack="noise")
    assert accuracies(page) == pytest.approx(noise.accuracies, abs=1e-4)
    assert page.locator("#sweep-chart path.ours").count() == 3
    page.locator("[data-select]").first.click()
    assert accuracies(page) == pytest.approx(sweep(lenet, images[:500], labels[:500]).accuracies, abs=1e-4)
    page.locator("[data-remove]").first.click()
    expect(chips).to_have_count(2)
    expect(page.locator("#sweep-chart path.ours")).to_have_count(2)


def test_the_axis_serves_every_curve(standing):
    page = open_sweep(standing, 500)
    for network, epsilons in (("standard", "0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3"), ("robust", "0, 0.07, 0.4")):
        page.locator(".sweep .network").select_option(network)
        page.fill(".sweep .epsilons", epsilons)
        page.click("#sweep-run")
        state(page, "running")
        state(page, "done")
    expect(page.locator("#sweep-chart .x")).to_have_text(["ε = 0", "0.1", "0.2", "0.3", "0.4"])
    page.locator("[data-select]").first.click()
    expect(page.locator("#sweep-table th:visible").last).to_have_text("reproduced")
    expect(page.locator("#sweep-chart .x")).to_have_text(["ε = 0", "0.1", "0.2", "0.3", "0.4"])


def test_flip_matrix_histogram_and_examples(measured, expected):
    page = measured.page
    page.locator('.at-epsilon [data-epsilon="6"]').click()
    counts = [int(text) for text in page.locator(".matrix tbody td").all_inner_texts()]
    assert counts == expected.flips[6].flatten().tolist()
    shown = [int(text.replace(",", "")) for text in page.locator(".histogram .amount").all_inner_texts()]
    assert shown == expected.first_flips.tolist()
    cell = page.locator(".matrix td.wrong button").first
    truth, predicted = cell.get_attribute("data-truth"), cell.get_attribute("data-predicted")
    cell.click()
    caption = page.locator(".cell-examples figcaption").first
    expect(caption).to_contain_text(f"→ {predicted}")
    page.locator(".cell-examples button").first.click()
    expect(page.locator(".explore")).to_be_visible()
    expect(measured.find("epsilon-value")).to_have_text("0.300")
    expect(measured.find("true-label").locator("option").first).to_have_text(f"auto ({truth})")
    expect(measured.find("prediction-adversarial")).to_have_attribute("data-digit", predicted)


def test_transfer(standing):
    page = open_sweep(standing, 500)
    page.click(".sweep .measure")
    expect(page.locator(".transfer-status")).to_contain_text("Measured: FGSM, ε = 0.2, 500 images", timeout=60_000)
    rows = [
        [float(text.rstrip("%")) for text in page.locator(f".transfer tr:nth-child({row}) td").all_inner_texts()]
        for row in (2, 3)
    ]
    assert rows[0][0] < rows[1][0]  # the standard network: fooled by its own examples, less by the robust one's
    assert rows[1][1] > 90


def test_two_visitors_do_not_disturb_each_other(visit, expected):
    one, two = open_sweep(visit()), open_sweep(visit(), 500)
    one.click("#sweep-run")
    two.fill(".sweep .epsilons", "0.3, 0")
    two.click("#sweep-run")
    state(one, "done")
    state(two, "done")
    assert accuracies(one) == pytest.approx(expected.accuracies, abs=1e-4)
    assert len(accuracies(two)) == 2


def test_who_waits_sees_the_place_in_the_line(visit):
    page = open_sweep(visit(), 500)
    told, status = replies.Replies(page, "sweep"), page.locator(".sweep .status")
    page.click("#sweep-run")
    told.wait()
    told.say({"ahead": 2})
    expect(status).to_contain_text("2 visitors are ahead of you")
    told.say({"ahead": 1})
    expect(status).to_contain_text("1 visitor is ahead of you")
    page.click("#sweep-stop")
    expect(status).to_have_text("Stopped before the first results.")
    page.click("#sweep-run")
    told.wait(2)
    told.say({"ahead": 1}, *replies.sweep(500, (0.0, 0.1)))
    told.end()
    state(page, "done")
    assert len(accuracies(page)) == 2


def test_bad_epsilons_get_one_clear_sentence(standing):
    page = open_sweep(standing)
    for text in ("", "cat", "0, 2", "nan", "0 " * 60):
        page.fill(".sweep .epsilons", text)
        with page.expect_response("**/follow/sweep"):
            page.click("#sweep-run")
        state(page, "done")  # not the sentence about the text before
        expect(page.locator(".sweep .status.failed")).to_contain_text("ε")
