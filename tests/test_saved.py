"""What the page begins with: the sweep, the proofs and the training in a network's record."""

import json

import pytest
import torch

from advdemo.measures import saved
from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.saved import first_of_each_class, read_sweep, sweep_record
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.ui.tabs import records
from advdemo.ui.tabs.records import example_game, saved_proofs, saved_sweep, training_history
from tests.conftest import CERTIFIED_CHECKPOINT, CHECKPOINT, ROBUST_CHECKPOINT

EPOCH = {"epoch": 1, "learning_rate": 0.1, "train_loss": 0.5, "train_accuracy": 0.9, "validation_loss": None}


def test_a_sweep_is_kept_and_read_as_it_was(lenet, mnist_test):
    images, labels = mnist_test[0][:300], mnist_test[1][:300]
    kept = json.loads(json.dumps(sweep_record(lenet, images, labels)))
    read, result = read_sweep(kept), sweep(lenet, images, labels)
    for name in ("epsilons", "flips", "first_flips", "accuracies", "per_class"):
        assert getattr(read, name).tolist() == getattr(result, name).tolist()
    assert (read.total, read.n_images) == (300, 300)


def test_the_shipped_record_is_of_the_shipped_network(lenet, mnist_test):
    result = saved_sweep(load_checkpoint(CHECKPOINT, "cpu")[1])
    assert result.n_images == 10_000
    clean = torch.zeros(10, 10, dtype=torch.long)
    for truth, read in zip(mnist_test[1], lenet(mnist_test[0]).argmax(1), strict=True):
        clean[truth, read] += 1
    assert result.flips[0].tolist() == clean.tolist()
    some = sweep(lenet, mnist_test[0][:1000], mnist_test[1][:1000]).accuracies
    assert abs(result.accuracies - some).max() < 0.06


def test_what_is_no_sweep_is_left_out(caplog, lenet, mnist_test):
    good = sweep_record(lenet, mnist_test[0][:20], mnist_test[1][:20])
    for change in (
        {"flips": good["flips"][1:]},
        {"flips": "many"},
        {"first_flips": [1] * 8},
        {"epsilons": [[0.1]]},
        {"flips": [[[-1] * 10] * 10] * 7},
    ):
        assert saved_sweep({"sweep": good | change}) is None
        assert "python -m advdemo measure" in caplog.text
        caplog.clear()
    assert saved_sweep({"sweep": [1]}) is None
    assert saved_sweep({}) is None


def test_the_curves_are_the_network_s_own_or_left_out():
    told = {"recipe": "quick", "seed": 3, "holdout": 0, "epoch": 1}
    assert training_history(told | {"history": [EPOCH]}) == told | {"epochs": [EPOCH]}
    for history in (None, [], [1], [{"epoch": "x"}], [EPOCH, {}]):
        assert training_history(told | {"history": history}) is None
    shipped = load_checkpoint(CHECKPOINT, "cpu")[1]
    kept = training_history(shipped)["epochs"][shipped["epoch"] - 1]
    assert kept["validation_accuracy"] == pytest.approx(shipped["validation_accuracy"], abs=1e-5)


def test_the_example_of_a_game_is_whole_or_left_out(monkeypatch, tmp_path):
    shipped = example_game()["views"]
    assert shipped[-1]["read"] > 0.9 > 0.2 > shipped[0]["read"]
    path = tmp_path / "game.json"
    monkeypatch.setattr(records, "GAME", path)
    for content in ({"views": []}, {"views": [shipped[0] | {"real": None}]}, {"views": {}}, []):
        path.write_text(json.dumps(content))
        assert example_game() is None


def test_the_shipped_proofs_are_of_the_shipped_networks(mnist_test):
    images, labels = mnist_test
    for path in (CHECKPOINT, ROBUST_CHECKPOINT, CERTIFIED_CHECKPOINT):
        network, record = load_checkpoint(path, "cpu")
        kept = saved_proofs({"a": record})["a"]
        assert list(kept) == first_of_each_class(labels)
        assert len(kept) == 350
        for index in (3, 63):
            assert kept[index] == pytest.approx(certified_epsilon(network, images[index], int(labels[index])), abs=1e-4)


def test_what_are_no_proofs_is_left_out(caplog):
    good = {"indices": [3, 2], "epsilons": [0.1, 0.0]}
    assert saved_proofs({"a": {"proofs": good}, "b": {}}) == {"a": {3: 0.1, 2: 0.0}}
    for bad in (
        [],
        {"indices": [3]},
        good | {"epsilons": [0.1]},
        good | {"epsilons": [0.1, 2]},
        good | {"indices": ["3", 2]},
    ):
        assert saved_proofs({"a": {"proofs": bad}}) == {}
        assert "python -m advdemo measure" in caplog.text
        caplog.clear()


@pytest.mark.slow
def test_measure_on_the_command_line(run, tmp_path, lenet, small_mnist, monkeypatch):
    monkeypatch.setattr(saved, "EACH", 1)
    path = tmp_path / "mine.safetensors"
    path.write_bytes(CHECKPOINT.read_bytes())
    assert "7 epsilons" in run("measure", "--checkpoint", path, "--data-dir", small_mnist).stdout
    network, record = load_checkpoint(path, "cpu")
    assert saved_sweep(record).n_images == 200
    assert len(saved_proofs({"a": record})["a"]) == 10
    assert record["recipe"] == "default"
    assert torch.equal(network.fc[4].bias, lenet.fc[4].bias)
