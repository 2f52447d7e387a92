import re
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from advdemo.attacks import ATTACKS
from advdemo.images.drawing import to_mnist
from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.scan import scan
from advdemo.networks.checkpoint import load_checkpoint
from tests.commands import pixels_of, refused
from tests.conftest import ROOT

# train


def test_train(run, small_mnist, tmp_path):
    path = tmp_path / "new" / "mine.safetensors"
    result = run("train", "--recipe", "quick", "--epochs", 2, "--seed", 5, "--holdout", 100, "--data-dir", small_mnist,
                 "--out", path)  # fmt: skip
    assert result.exit_code == 0, result.stderr
    record = load_checkpoint(path, "cpu")[1]
    assert record.items() >= {"recipe": "quick", "epochs": 2, "seed": 5, "holdout": 100}.items()
    lines = result.stdout.splitlines()
    assert [line[:9] for line in lines[:2]] == ["epoch 1/2", "epoch 2/2"]
    assert "validation" in lines[0]
    assert f"test accuracy {record['test_accuracy']:.2%}" in lines[-1]


WRONG_TRAININGS = {
    "--recipe best": "unknown recipe 'best': choose one of default",
    "--epochs 0": "epochs must be a whole number from 1 to 1000, got 0",
    "--epochs many": "--epochs",
    "--seed -1": "--seed",
    "--holdout 60000": "holdout must be 0 to 59999 of the 60000 training images, got 60000",
    "--out advdemo": "advdemo is a folder: name a file in it",
}


@pytest.mark.parametrize(("options", "message"), WRONG_TRAININGS.items())
def test_wrong_training(run, options, message):
    assert refused(run("train", *options.split()), message)


@pytest.mark.parametrize(
    "command",
    [
        "train --record",
        "train-gan --out",
        "train-advgan --out",
        "reproduce --out",
        "generate --out",
        "convert checkpoints/lenet.safetensors",
    ],
)
def test_a_folder_in_place_of_a_file_is_refused_before_the_work(run, command, monkeypatch):
    for work in ("train.loop", "pair.train_gan", "advgan.train_perturber", "reproduce.train_steps"):
        monkeypatch.setattr(f"advdemo.training.{work}", lambda *_, **__: pytest.fail("it has begun"))
    assert refused(run(*command.split(), "advdemo"), "advdemo is a folder: name a file in it")


def test_a_sheet_is_a_png(run, tmp_path):
    for name in ("sheet", "sheet.svg"):
        assert refused(
            run("generate", "--out", tmp_path / name), f"must be a PNG such as {tmp_path / 'sheet.png'}, got"
        )
    assert not any(tmp_path.iterdir())


# A process started in the background by a shell ignores SIGINT, and so would its children.
INTERRUPTIBLE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("advdemo", run_name="__main__", alter_sys=True)
"""


@pytest.mark.slow
def test_interrupt_keeps_the_best_so_far(small_mnist, tmp_path):
    path = tmp_path / "mine.safetensors"
    command = [sys.executable, "-c", INTERRUPTIBLE, "train", "--recipe", "quick", "--epochs", "1000", "--out", path]
    with subprocess.Popen(
        [*command, "--data-dir", small_mnist], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().startswith("epoch    1/1000")
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    record = load_checkpoint(path, "cpu")[1]
    assert 1 <= record["epoch"] < 1000
    assert f"saved epoch {record['epoch']} of 1000" in rest
    assert errors == ""


# everything


@pytest.mark.parametrize("command", [[], ["train"], ["attack"], ["sweep"]])
def test_help(run, command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert " ".join(["python -m advdemo", *command]) in result.stdout.replace("root", "python -m advdemo")


@pytest.mark.parametrize("command", ["attack", "sweep"])
def test_help_lists_the_table_of_attacks(run, command):
    for _ in range(2):
        told = " ".join(re.sub("[│\n]", " ", run(command, "--help").stdout).split())
        assert f"{', '.join(ATTACKS)}." in told
        assert "of momentum (0.0), dim (0.5)." in told
        assert not re.search(r"{[a-z]", told)


def test_unknown_command(run):
    assert refused(run("fool"), "No such command 'fool'")


def test_as_a_program_it_fails_with_a_sentence(tmp_path):
    """As one that succeeds, `test_package.py` runs it."""
    command = [sys.executable, "-m", "advdemo", "sweep", "--checkpoint", tmp_path / "none"]
    failed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: no checkpoint at")
    assert len(failed.stderr.splitlines()) == 1


# certify


def test_certify_says_up_to_where_it_is_certified_and_from_where_fooled(run, lenet, seven):
    image = to_mnist(pixels_of(seven))
    proved = certified_epsilon(lenet, image, 7)
    result = run("certify", seven)
    assert result.exit_code == 0
    label, prediction, lower, upper = result.stdout.splitlines()
    assert label == "Label:     7 (the prediction: none was given)"
    assert prediction.startswith("Predicted: 7 (")
    assert lower == f"Certified: up to epsilon {proved:.4f}, by crown"
    assert upper == f"Fooled:    from epsilon {scan(lenet, image, 7).flip_epsilon:.4f}, by FGSM"
    by_intervals = certified_epsilon(lenet, image, 7, method="intervals")
    assert f"epsilon {by_intervals:.4f}, by intervals" in run("certify", seven, "--method", "intervals").stdout
    assert by_intervals < proved


def test_certify_of_a_misread_picture_proves_nothing(run, seven):
    assert "Certified: nothing, by crown" in run("certify", seven, "--label", 3).stdout


def test_certify_refuses(run, seven, tmp_path):
    assert refused(run("certify", seven, "--method", "guess"), "unknown method 'guess': choose one of intervals, crown")
    assert refused(run("certify", tmp_path / "none.png"), "none.png")


# convert


def test_convert_writes_the_tutorial_s_module_as_safetensors(run, tmp_path, untrained):
    torch.save(untrained, tmp_path / "mnist_net.pth")
    assert run("convert", tmp_path / "mnist_net.pth", tmp_path / "net.safetensors").exit_code == 0
    written = load_file(tmp_path / "net.safetensors")
    assert all(torch.equal(written[name], value) for name, value in untrained.state_dict().items())
    (tmp_path / "page.pth").write_text("<html>404</html>")
    assert refused(run("convert", tmp_path / "page.pth", tmp_path / "b.safetensors"), "it is a web page: download")
