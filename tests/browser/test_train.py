import re

import pytest
import torch
from playwright.sync_api import expect

from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import load_checkpoint, save_checkpoint
from advdemo.networks.lenet import LeNet
from tests.browser import replies
from tests.browser.tabs import open_train

PATIENCE = 180_000  # milliseconds: an epoch on a busy machine


def train(page):
    """For an epoch, of which the test tells what a shorter training says; test_replicas.py trains in earnest."""
    page.fill(".train .epochs", "1")
    told = replies.Replies(page, "train")
    page.click("#train-run")
    expect(page.locator("#train-stop")).to_be_enabled()
    told.wait()
    first, *others = replies.training(epochs=1)
    told.say(first)
    expect(page.locator(".train .status")).to_contain_text("Epoch 1 of", timeout=PATIENCE)
    page.locator(".train .recipe").select_option("robust")  # for the next one
    told.say(*others)
    told.end()


def test_train_one_epoch_then_explore_with_it(visit, lenet, mnist_test):
    visitor = visit()
    shipped = visitor.find("prediction-adversarial").get_attribute("data-confidence")
    page = open_train(visitor)
    train(page)
    expect(page.locator(".train .use")).to_be_enabled(timeout=PATIENCE)
    expect(page.locator(".train .summary")).to_contain_text("quick, epoch 1")
    expect(page.locator(".train .status")).to_contain_text("Test accuracy: ")
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
    assert clean != round(sweep(lenet, *(part[:500] for part in mnist_test), [0]).accuracies[0], 4)

    other = visit()  # another visitor keeps the shipped model
    assert other.find("prediction-adversarial").get_attribute("data-confidence") == shipped

    page.get_by_role("tab", name="Train").click()
    page.click(".train .restore")
    page.get_by_role("tab", name="Explore").click()
    expect(visitor.find("prediction-adversarial")).to_have_attribute("data-confidence", shipped)


def test_stop_before_the_first_epoch(visit):
    page = open_train(visit())
    told = replies.Replies(page, "train")
    page.click("#train-run")
    told.wait()
    told.say(replies.training()[0])
    expect(page.locator(".train .status")).to_contain_text("Epoch 1 of")
    page.click("#train-stop")
    expect(page.locator(".train .status")).to_contain_text("nothing to keep")
    expect(page.locator("#train-run")).to_be_enabled()


def test_at_the_limit_of_time_it_stops_and_what_there_is_is_kept(visit):
    page = open_train(visit())
    expect(page.locator(".train .about")).to_contain_text("Training stops after 5 min at the latest")
    told, (begun, cut) = replies.Replies(page, "train"), replies.training(minutes=1e-9)
    page.click("#train-run")
    told.wait()
    told.say({"update": {"progress": begun["update"]["progress"] | {"left": 200, "limit": 300}}})
    status = page.locator(".train .status")
    expect(status).to_have_text("Epoch 1 of 2, stops in 3 min, at the limit of 5 min")
    told.say(cut)
    told.end()
    expect(status).to_contain_text("Stopped in epoch 1, at the limit of 1 s. The best epoch is kept. Test accuracy: ")
    expect(page.locator(".train .use")).to_be_enabled()


def test_what_was_trained_outlives_a_file_that_is_no_network(visit):
    page = open_train(visit())
    told, (begun, first, last) = replies.Replies(page, "train"), replies.training()
    page.click("#train-run")
    told.wait()
    told.say(begun, first)
    expect(page.locator("#train-chart path")).to_have_count(4)
    expect(page.locator(".train .upload")).to_be_disabled()  # a file would end the training
    told.say(last)
    told.end()
    summary = page.locator(".train .summary")
    expect(summary).to_contain_text("accuracy")
    counts = page.locator(".confusion tbody td").all_inner_texts()
    page.set_input_files(".train .file", {"name": "bad.pt", "mimeType": "", "buffer": b"no network"})
    expect(summary).to_contain_text("does not contain a LeNet")
    expect(page.locator(".train .use")).to_be_enabled()
    expect(page.locator("#train-chart .whose")).to_contain_text("Your training")
    assert page.locator("#train-chart path").count() == 4
    assert page.locator(".confusion tbody td").all_inner_texts() == counts


def test_what_was_trained_outlives_the_server_s_process(visit):
    page = open_train(visit())
    told, (begun, first, _) = replies.Replies(page, "train"), replies.training()
    page.click("#train-run")
    told.wait()
    told.say(begun, first, {"error": {"key": "errors.worker_died", "values": {}}})
    told_so = re.compile(r"^The computation stopped unexpectedly\. .* Test accuracy: \d")
    expect(page.locator(".train .status")).to_have_text(told_so)
    expect(page.locator(".train .use")).to_be_enabled()
    expect(page.locator(".train .download")).to_be_enabled()


def test_upload_a_model(standing, tmp_path):
    page = open_train(standing)
    save_checkpoint(LeNet(), tmp_path / "mine.safetensors", {})
    page.set_input_files(".train .file", tmp_path / "mine.safetensors")
    expect(page.locator(".train .summary")).to_contain_text("mine.safetensors", timeout=PATIENCE)
    expect(page.locator(".train .use")).to_be_enabled()
    expect(page.locator("#train-chart .whose")).to_have_text(re.compile("no training curves"))
    assert page.locator("#train-chart path").count() == 0  # those of another network


def test_the_shipped_networks_curves_come_back_with_it(visit, tmp_path):
    page = open_train(visit())
    whose, cells = page.locator("#train-chart .whose"), page.locator(".confusion tbody td")
    epochs = page.locator('#train-chart [data-plot="loss"] .x').last.inner_text
    own, counts, until = whose.inner_text(), cells.all_inner_texts(), epochs()
    assert re.search(r"^The shipped network: .*\bOf 40 epochs, epoch \d+ was", own)
    save_checkpoint(LeNet(), tmp_path / "mine.safetensors", {})
    page.set_input_files(".train .file", tmp_path / "mine.safetensors")
    page.click(".train .use")
    expect(page.locator(".train .in-use")).to_have_text("in use: mine.safetensors")
    uploaded = cells.all_inner_texts()
    assert uploaded != counts

    page.click(".train .restore")
    expect(whose).to_have_text(own)
    assert epochs() == until
    assert page.locator("#train-chart path").count() == 4
    assert cells.all_inner_texts() == counts
    expect(page.locator(".train .summary")).to_have_text(re.compile(r"^The shipped network: .* test images\. *$"))
    page.click(".train .use")  # it is kept
    expect(whose).to_have_text(re.compile("no training curves"))
    assert cells.all_inner_texts() == uploaded

    told, (begun, first, _) = replies.Replies(page, "train"), replies.training()
    page.click("#train-run")
    told.wait()
    told.say(begun, first)
    expect(whose).to_have_text("Your training: 8 epochs by recipe quick, learning rate 0.1, seed 0.")
    page.click(".train .restore")  # what is being trained stays on screen
    expect(page.locator(".train .in-use")).to_have_text("in use: the shipped network")
    expect(whose).to_contain_text("Your training")
    assert page.locator("#train-chart path").count() == 4


def test_a_file_of_torch_save_is_uploaded_and_used(visit, lenet, tmp_path):
    torch.save({"state_dict": lenet.state_dict()}, tmp_path / "mnist_net.pt")
    visitor = visit()
    page = open_train(visitor)
    right = page.locator(".confusion td.right").all_inner_texts()  # the shipped network's, and so this one's
    page.set_input_files(".train .file", tmp_path / "mnist_net.pt")
    expect(page.locator(".train .summary")).to_have_text(re.compile(r"^mnist_net\.pt: 99\.\d\d% accuracy"))
    assert page.locator(".confusion td.right").all_inner_texts() == right
    with page.expect_download() as download:
        page.click(".train .download")
    kept, _ = load_checkpoint(download.value.path(), "cpu")  # a safetensors file, whatever came
    assert all(part.equal(lenet.state_dict()[name]) for name, part in kept.state_dict().items())
    page.click(".train .use")
    page.get_by_role("tab", name="Explore").click()
    expect(visitor.find("model").locator("option:checked")).to_contain_text("mnist_net.pt")
    expect(visitor.find("flip-epsilon")).not_to_have_attribute("data-epsilon", "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no model", "does not contain a LeNet"), (b"0" * 1_500_000, "the limit is 1 MB")],
    ids=["junk", "huge"],
)
def test_a_file_that_is_no_model(standing, tmp_path, content, sentence):
    page = open_train(standing)
    (tmp_path / "bad.safetensors").write_bytes(content)
    page.set_input_files(".train .file", tmp_path / "bad.safetensors")
    expect(page.locator(".train .summary")).to_contain_text(sentence)


def test_an_empty_field_is_pointed_out(standing):
    page = open_train(standing)
    page.fill(".train .epochs", "")
    page.click("#train-run")
    assert page.evaluate("document.activeElement.className") == "epochs"
    expect(page.locator(".train")).not_to_have_attribute("data-state", "running")


def test_bad_settings_get_one_clear_sentence(standing):
    page = open_train(standing)
    for field, value, sentence in (
        ("epochs", "0", r"^The number of epochs must .*, not 0\.$"),
        ("epochs", "99999", r"^The number of epochs must .*, not 99999\.$"),
        ("rate", "0", r"^The learning rate must .*, not 0\.$"),
        ("seed", "-1", r"^The seed must .*, not -1\.$"),
    ):
        before = page.locator(f".train .{field}").input_value()
        page.fill(f".train .{field}", value)
        page.click("#train-run")
        expect(page.locator(".train .status.failed")).to_have_text(re.compile(sentence))
        expect(page.locator(".train")).to_have_attribute("data-state", "done")
        page.fill(f".train .{field}", before)
