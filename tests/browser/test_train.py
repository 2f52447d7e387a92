import re

import pytest
from playwright.sync_api import expect

from advdemo.networks.checkpoint import load_checkpoint, save_checkpoint
from advdemo.networks.lenet import LeNet

PATIENCE = 180_000  # milliseconds: an epoch on a busy machine


def open_train(visitor):
    visitor.page.get_by_role("tab", name="Train").click()
    expect(visitor.page.locator("#train-run")).to_be_visible()
    return visitor.page


def test_train_one_epoch_then_explore_with_it(visit, tmp_path):
    visitor = visit()
    shipped = visitor.find("prediction-adversarial").get_attribute("data-confidence")
    page = open_train(visitor)
    page.fill(".train .epochs", "1")
    page.click("#train-run")
    expect(page.locator("#train-stop")).to_be_enabled()
    expect(page.locator(".train .status")).to_contain_text("Epoch 1 of", timeout=PATIENCE)
    page.locator(".train .recipe").select_option("robust")  # for the next one
    expect(page.locator(".train .use")).to_be_enabled(timeout=PATIENCE)
    expect(page.locator(".train .summary")).to_contain_text("quick, epoch 1")
    expect(page.locator(".train .status")).to_contain_text("of the test images right")
    assert page.locator("#train-chart path.held-out").count() == 2
    assert page.locator(".confusion td.right").count() == 10
    counts = [int(text) for text in page.locator(".confusion tbody td").all_inner_texts()]
    assert sum(counts) == 10_000

    with page.expect_download() as download:
        page.click(".train .download")
    model, record = load_checkpoint(download.value.path(), "cpu")
    assert record["recipe"] == "quick"
    assert isinstance(model, LeNet)

    page.click(".train .use")
    page.get_by_role("tab", name="Explore").click()
    expect(visitor.find("prediction-adversarial")).not_to_have_attribute("data-confidence", shipped)
    expect(visitor.find("model").locator("option:checked")).to_contain_text("Your LeNet")
    page.get_by_role("tab", name="Accuracy sweep").click()
    page.locator(".sweep .count").select_option("500")
    page.click("#sweep-run")
    expect(page.locator(".sweep")).to_have_attribute("data-state", "done", timeout=PATIENCE)
    clean = float(page.locator("#sweep-table tbody td:nth-child(5)").first.inner_text())
    assert clean != load_checkpoint_accuracy()

    other = visit()  # another visitor keeps the shipped model
    assert other.find("prediction-adversarial").get_attribute("data-confidence") == shipped

    page.get_by_role("tab", name="Train").click()
    page.click(".train .restore")
    page.get_by_role("tab", name="Explore").click()
    expect(visitor.find("prediction-adversarial")).to_have_attribute("data-confidence", shipped)


def load_checkpoint_accuracy():
    from advdemo.images.mnist import load_mnist
    from advdemo.networks.predict import accuracy
    from advdemo.serve import CHECKPOINT

    images, labels = load_mnist("test")
    return round(accuracy(load_checkpoint(CHECKPOINT, "cpu")[0], images[:500], labels[:500]), 4)


def test_stop_before_the_first_epoch(visit):
    page = open_train(visit())
    page.click("#train-run")
    expect(page.locator(".train .status")).to_contain_text("Epoch 1 of", timeout=PATIENCE)
    page.click("#train-stop")
    expect(page.locator(".train .status")).to_contain_text("nothing to keep")
    expect(page.locator("#train-run")).to_be_enabled()


def test_upload_a_model(visit, tmp_path):
    page = open_train(visit())
    save_checkpoint(LeNet(), tmp_path / "mine.safetensors", {})
    page.set_input_files(".train .file", tmp_path / "mine.safetensors")
    expect(page.locator(".train .summary")).to_contain_text("mine.safetensors", timeout=PATIENCE)
    expect(page.locator(".train .use")).to_be_enabled()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no model", "The file holds no LeNet"), (b"0" * 1_500_000, "at most 1 MB")],
    ids=["junk", "huge"],
)
def test_a_file_that_is_no_model(visit, tmp_path, content, sentence):
    page = open_train(visit())
    (tmp_path / "bad.safetensors").write_bytes(content)
    page.set_input_files(".train .file", tmp_path / "bad.safetensors")
    expect(page.locator(".train .summary")).to_contain_text(sentence)
    expect(page.locator(".train .use")).to_be_disabled()


def test_an_empty_field_is_pointed_out(visit):
    page = open_train(visit())
    page.fill(".train .epochs", "")
    page.click("#train-run")
    assert page.evaluate("document.activeElement.className") == "epochs"
    expect(page.locator(".train")).to_have_attribute("data-state", "idle")


def test_bad_settings_get_one_clear_sentence(visit):
    page = open_train(visit())
    for field, value, sentence in (
        ("epochs", "0", r"^The epochs must .*, not 0\.$"),
        ("epochs", "99999", r"^The epochs must .*, not 99999\.$"),
        ("rate", "0", r"^The learning rate must .*, not 0\.$"),
        ("seed", "-1", r"^The seed must .*, not -1\.$"),
    ):
        before = page.locator(f".train .{field}").input_value()
        page.fill(f".train .{field}", value)
        page.click("#train-run")
        expect(page.locator(".train .status.failed")).to_have_text(re.compile(sentence))
        expect(page.locator(".train")).to_have_attribute("data-state", "done")
        page.fill(f".train .{field}", before)
