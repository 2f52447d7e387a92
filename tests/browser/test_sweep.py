import csv
import json

import pytest
from playwright.sync_api import expect

from advdemo.images.mnist import load_mnist
from advdemo.measures.bounds import certified_stream
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import load_checkpoint
from tests.conftest import CERTIFIED_CHECKPOINT, CHECKPOINT


def open_sweep(visitor, count=1000):
    """The tab without the saved curve that it opens with."""
    visitor.page.get_by_role("tab", name="Accuracy sweep").click()
    visitor.page.locator(".sweep .curves [data-remove]").click()
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


def test_a_proof_is_a_curve_and_the_truth_lies_between_it_and_the_attack(visit):
    page = open_sweep(visit(), 500)
    page.locator(".sweep .network").select_option("certified")
    for attack in ("fgsm", "intervals"):
        expect(page.locator(".sweep .if-band")).to_be_hidden()
        page.locator(".sweep select.attack").select_option(attack)
        page.click("#sweep-run")
        state(page, "done")
    images, labels = load_mnist("test")
    *_, proved = certified_stream(load_checkpoint(CERTIFIED_CHECKPOINT, "cpu")[0], images[:500], labels[:500])
    assert accuracies(page) == pytest.approx(proved.accuracies, abs=1e-4)
    expect(page.locator("#sweep-chart .area")).to_have_count(1)
    expect(page.locator(".sweep .if-band")).to_be_visible()
    expect(page.locator(".curve-chip").last).to_contain_text("Certified LeNet, proved by intervals")
    expect(page.locator(".examples-panel")).to_be_hidden()  # a proof has none
    page.locator(".curve-chip [data-select]").first.click()
    expect(page.locator(".examples-panel")).to_be_visible()


def test_a_proof_can_be_stopped(visit):
    page = open_sweep(visit(), 10_000)
    page.locator(".sweep select.attack").select_option("crown")
    page.click("#sweep-run")
    expect(page.locator(".sweep .status")).to_contain_text("of 200", timeout=60_000)
    page.click("#sweep-stop")
    state(page, "done", timeout=2_000)
    expect(page.locator(".sweep .status")).to_contain_text("Stopped")
    assert accuracies(page)[0] > 0.9


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
    (curve,) = json.loads(files["json"].read_text())
    assert (curve["correct"], curve["attack"]) == (expected.correct.tolist(), "fgsm")
    assert files["png"].read_bytes().startswith(b"\x89PNG")


def test_curves_are_added_and_removed(visit, expected):
    page = open_sweep(visit(), 500)
    chips = page.locator(".curve-chip")
    for place, (network, attack) in enumerate(
        [("standard", "fgsm"), ("robust", "fgsm"), ("standard", "noise")], start=1
    ):
        page.locator(".sweep .network").select_option(network)
        page.locator(".sweep .attack").select_option(attack)
        page.click("#sweep-run")
        expect(chips).to_have_count(place, timeout=60_000)
        state(page, "done")
    images, labels = load_mnist("test")
    lenet = load_checkpoint(CHECKPOINT, "cpu")[0]
    noise = sweep(lenet, images[:500], labels[:500], attack="noise")
    assert accuracies(page) == pytest.approx(noise.accuracies, abs=1e-4)
    assert page.locator("#sweep-chart path.ours").count() == 3
    page.locator("[data-select]").first.click()
    assert accuracies(page) == pytest.approx(sweep(lenet, images[:500], labels[:500]).accuracies, abs=1e-4)
    page.locator("[data-remove]").first.click()
    expect(chips).to_have_count(2)
    expect(page.locator("#sweep-chart path.ours")).to_have_count(2)


def test_flip_matrix_histogram_and_examples(visit, expected):
    visitor = visit()
    page = open_sweep(visitor)
    page.click("#sweep-run")
    state(page, "done")
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
    expect(visitor.find("epsilon-value")).to_have_text("0.300")
    expect(visitor.find("true-label").locator("option").first).to_have_text(f"automatic ({truth})")
    expect(visitor.find("prediction-adversarial")).to_have_attribute("data-digit", predicted)


def test_transfer(visit):
    page = open_sweep(visit(), 500)
    page.click(".sweep .measure")
    expect(page.locator(".transfer-status")).to_contain_text("Measured: FGSM, ε = 0.2, 500 images", timeout=60_000)
    rows = [
        [float(text.rstrip("%")) for text in page.locator(f".transfer tr:nth-child({row}) td").all_inner_texts()]
        for row in (2, 3)
    ]
    assert rows[0][0] < rows[1][0]  # the standard network: fooled by its own examples, less by the robust one's
    assert rows[1][1] > 90


def test_stop_keeps_what_was_measured(visit):
    page = open_sweep(visit(), 2000)
    page.locator(".sweep select.attack").select_option("pgd")  # takes long enough to be stopped
    page.click("#sweep-run")
    expect(page.locator("#sweep-chart .dot").first).to_be_visible(timeout=60_000)
    page.click("#sweep-stop")
    state(page, "done")
    expect(page.locator(".sweep .status")).to_contain_text("Stopped after")
    count = page.locator("#sweep-table tbody td:nth-child(4)").first.inner_text()
    page.wait_for_timeout(500)
    assert page.locator("#sweep-table tbody td:nth-child(4)").first.inner_text() == count != "2,000"
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


def test_who_waits_sees_the_place_in_the_line(visit):
    one, two, three = (open_sweep(visit(), 500) for _ in range(3))
    one.locator(".sweep .attack").select_option("pgd")
    one.locator(".sweep .count").select_option("2000")
    one.click("#sweep-run")
    expect(one.locator(".sweep .status")).to_contain_text("of 2,000 images", timeout=60_000)
    two.click("#sweep-run")
    expect(two.locator(".sweep .status")).to_contain_text("one is before yours", timeout=60_000)
    three.click("#sweep-run")
    expect(three.locator(".sweep .status")).to_contain_text("2 are before yours", timeout=60_000)
    two.click("#sweep-stop")
    expect(three.locator(".sweep .status")).to_contain_text("one is before yours", timeout=60_000)
    one.click("#sweep-stop")
    state(three, "done")
    assert len(accuracies(three)) == 7
    assert two.locator(".sweep .status").inner_text() == "Stopped before the first figures."


def test_bad_epsilons_get_one_clear_sentence(visit):
    page = open_sweep(visit())
    for text in ("", "cat", "0, 2", "nan", "0 " * 60):
        page.fill(".sweep .epsilons", text)
        with page.expect_response("**/follow/sweep"):
            page.click("#sweep-run")
        state(page, "done")  # not the sentence about the text before
        expect(page.locator(".sweep .status.failed")).to_contain_text("ε")
