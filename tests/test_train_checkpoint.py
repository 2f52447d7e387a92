"""What a training leaves: a checkpoint with its record, also when it is interrupted."""

import json
from itertools import islice

import pytest
import torch

from advdemo.images.mnist import load_mnist
from advdemo.measures.saved import sweep_record
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import accuracy
from advdemo.training import loop as loop_module
from advdemo.training.recipes import pick_recipe
from advdemo.training.train import Step, hold_out, train, train_checkpoint

CPU = torch.device("cpu")


def test_checkpoint_and_its_record(small_mnist, tmp_path):
    lines = []
    record = train_checkpoint(
        tmp_path / "a.safetensors",
        "quick",
        overrides={"epochs": 3, "batch_size": 50, "learning_rate": 0.05},
        seed=7,
        data_dir=small_mnist,
        device=CPU,
        say=lines.append,
    )
    model, read = load_checkpoint(tmp_path / "a.safetensors", "cpu")
    assert read == record
    assert record.items() >= {"recipe": "quick", "epochs": 3, "epoch": 3, "seed": 7, "holdout": 0}.items()
    assert record.items() >= {"device": "cpu", "torch": torch.__version__, "batch_size": 50}.items()
    images, labels = load_mnist("test", small_mnist)
    assert accuracy(model, images, labels) == pytest.approx(record["test_accuracy"])
    assert [told["epoch"] for told in record["history"]] == [1, 2, 3]
    assert record["sweep"] == sweep_record(model, images, labels)
    assert record["test_accuracy"] > 0.5
    assert torch.tensor(record["per_class_accuracy"]) @ labels.bincount().float() == pytest.approx(
        record["test_accuracy"] * len(labels)
    )
    assert len(lines) == 4
    assert lines[0].startswith("epoch 1/3")
    assert f"{record['test_accuracy']:.2%}" in lines[-1]


def test_hold_out(thousand):
    (kept, kept_labels), (held_out, held_out_labels) = hold_out(*thousand, 100, seed=1)
    assert (len(kept), len(held_out)) == (900, 100)
    together = torch.cat([kept, held_out]).flatten(1).sum(1).sort().values
    assert torch.equal(together, thousand[0].flatten(1).sum(1).sort().values)
    assert torch.equal(torch.cat([kept_labels, held_out_labels]).bincount(), thousand[1].bincount())
    assert torch.equal(hold_out(*thousand, 100, seed=1)[1][0], held_out)
    assert not torch.equal(hold_out(*thousand, 100, seed=2)[1][0], held_out)


def interrupt(epoch: int, step: int):
    """An on_step that presses Ctrl-C after that step."""

    def on_step(done: Step) -> None:
        if (done.epoch, done.step) == (epoch, step):
            raise KeyboardInterrupt

    return on_step


def test_interrupt_keeps_the_last_epoch(small_mnist, tmp_path):
    options = {"seed": 1, "data_dir": small_mnist, "device": CPU}
    path = tmp_path / "a.safetensors"
    record = train_checkpoint(path, "quick", overrides={"epochs": 5}, on_step=interrupt(epoch=3, step=2), **options)
    assert (record["epoch"], record["epochs"]) == (2, 5)
    model, read = load_checkpoint(path, "cpu")
    assert read["epoch"] == 2
    epochs = train(pick_recipe("quick", epochs=5), *load_mnist("train", small_mnist), seed=1, device=CPU)
    assert torch.equal(model.state_dict()["fc.4.weight"], list(islice(epochs, 2))[1].weights["fc.4.weight"])


def test_interrupt_keeps_the_best_held_out_epoch(small_mnist, tmp_path, monkeypatch):
    validation = iter([0.3, 0.8, 0.8, 0.5])
    monkeypatch.setattr(loop_module, "_evaluate", lambda *arguments: (1.0, next(validation)))
    path = tmp_path / "a.safetensors"
    record = train_checkpoint(
        path, "quick", holdout=200, data_dir=small_mnist, device=CPU, on_step=interrupt(epoch=5, step=1)
    )
    assert (record["epoch"], record["validation_accuracy"], record["holdout"]) == (2, 0.8, 200)


def test_interrupt_before_the_first_epoch_ends(small_mnist, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_text("the old one")
    with pytest.raises(KeyboardInterrupt):
        train_checkpoint(path, "quick", data_dir=small_mnist, device=CPU, on_step=interrupt(epoch=1, step=2))
    assert path.read_text() == "the old one"


def never(step):
    raise AssertionError("it trained")


def test_refuses_before_training(small_mnist, tmp_path):
    options = {"data_dir": small_mnist, "device": CPU, "on_step": never}
    with pytest.raises(ValueError, match=r"holdout must be 0 to 999 of the 1000 training images, got 1000"):
        train_checkpoint(tmp_path / "a", holdout=1000, **options)
    with pytest.raises(ValueError, match="holdout must be"):
        train_checkpoint(tmp_path / "a", holdout=-1, **options)
    with pytest.raises(ValueError, match="epochs must be"):
        train_checkpoint(tmp_path / "a", overrides={"epochs": 0}, **options)
    with pytest.raises(IsADirectoryError, match="is a folder: name a file in it"):
        train_checkpoint(tmp_path, **options)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        train_checkpoint(tmp_path / "file" / "a", **options)


def test_record_is_strict_json(small_mnist, tmp_path):
    record = train_checkpoint(tmp_path / "a", "quick", overrides={"epochs": 1}, data_dir=small_mnist, device=CPU)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
