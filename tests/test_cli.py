import json
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from advdemo.attacks import PGD, Momentum, fgsm, make_settings
from advdemo.images.drawing import to_mnist
from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.scan import scan
from advdemo.measures.sweep import EPSILONS, sweep
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.ensemble import Ensemble
from advdemo.networks.predict import predict
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT, ROOT


@pytest.fixture
def seven(mnist_test, tmp_path):
    """A picture of test digit 0, a 7: dark ink on white paper, 280x280."""
    pixels = 255 - np.kron((mnist_test[0][0, 0] * 255).byte().numpy(), np.ones((10, 10), np.uint8))
    Image.fromarray(pixels).save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


def pixels_of(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def refused(result, message: str) -> bool:
    """Whether the command said just one sentence on stderr, with `message` in it, and failed."""
    said = " ".join(result.stderr.replace("│", " ").split())
    return result.exit_code in (1, 2) and result.stdout == "" and message in said and "Traceback" not in said


# sweep


def test_sweep_prints_the_tutorials_lines(run, lenet, mnist_test):
    result = run("sweep", "--images", 500)
    expected = sweep(lenet, mnist_test[0][:500], mnist_test[1][:500])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"Epsilon: {epsilon:g}  Test Accuracy = {correct} / 500 = {correct / 500}"
        for epsilon, correct in zip(EPSILONS, expected.correct, strict=True)
    ]


def test_sweep_with_pgd_and_restarts(run, lenet, mnist_test):
    options = ("--attack", "pgd", "--steps", "5", "--step-size", "0.02", "--restarts", "2")
    printed = run("sweep", "--images", "100", "--epsilons", "0.1", *options).stdout
    images, labels = mnist_test[0][:100], mnist_test[1][:100]
    settings = {"steps": 5, "step_size": 0.02, "random_start": True, "restarts": 2}
    expected = sweep(lenet, images, labels, [0.1], attack=PGD(**settings))
    assert printed.startswith(f"Epsilon: 0.1  Test Accuracy = {expected.correct[0]} / 100 = ")
    assert expected.correct[0] < sweep(lenet, images, labels, [0.1]).correct[0]


def test_sweep_of_examples_made_on_another_network(run, lenet, robust, mnist_test):
    printed = run("sweep", "--images", "200", "--epsilons", "0.2", "--source", str(ROBUST_CHECKPOINT)).stdout
    expected = sweep(lenet, mnist_test[0][:200], mnist_test[1][:200], [0.2], source=robust)
    assert f"= {expected.correct[0]} / 200 = " in printed


def test_sweep_of_examples_made_on_two_networks_by_momentum(run, lenet, robust, mnist_test):
    sources = ("--source", CHECKPOINT, "--source", ROBUST_CHECKPOINT)
    options = ("--attack", "momentum", "--steps", 4, "--decay", 0.5, "--diversity", 0.2)
    printed = run("sweep", "--images", "100", "--epsilons", "0.15", *options, *sources).stdout
    settings, both = Momentum(steps=4, decay=0.5, diversity=0.2), Ensemble([lenet, robust])
    expected = sweep(lenet, mnist_test[0][:100], mnist_test[1][:100], [0.15], attack=settings, source=both)
    assert f"= {expected.correct[0]} / 100 = " in printed


@pytest.mark.parametrize("name", ["square", "rays"])
def test_sweep_with_a_black_box(run, lenet, mnist_test, name):
    printed = run("sweep", "--images", "50", "--epsilons", "0.15", "--attack", name, "--queries", 40).stdout
    settings = make_settings(name, queries=40)
    expected = sweep(lenet, mnist_test[0][:50], mnist_test[1][:50], [0.15], attack=settings)
    assert f"= {expected.correct[0]} / 50 = " in printed


def test_sweep_writes_its_files(run, tmp_path):
    out = tmp_path / "new" / "folder"
    result = run("sweep", "--images", 100, "--epsilons", "0, .1,0.25", "--out", out)
    assert result.exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == ["accuracy.png", "examples.png", "sweep.csv", "sweep.json"]
    rows = json.loads((out / "sweep.json").read_text())
    assert [(row["epsilon"], row["total"]) for row in rows] == [(0.0, 100), (0.1, 100), (0.25, 100)]
    assert (out / "sweep.csv").read_text().splitlines()[0] == "epsilon,correct,total,accuracy"
    for name in ("accuracy.png", "examples.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")


def test_sweep_of_other_data(run, small_mnist):
    result = run("sweep", "--data-dir", small_mnist, "--images", 200, "--epsilons", "0")
    assert " / 200 = " in result.stdout
    assert refused(run("sweep", "--data-dir", small_mnist), "--images must be at most 200")


WRONG_SWEEPS = {
    "--attack bomb": "unknown attack 'bomb': choose one of fgsm, pgd, bpda, momentum, dim, square, rays, advgan, noise",
    "--steps 5": "steps can be set for pgd, bpda, momentum, dim only, not for fgsm",
    "--attack pgd --steps 0 --images 10": "steps must be a whole number, at least 1, got 0",
    "--attack noise --loss nll-on-logits": "loss can be set for fgsm only, not for noise",
    "--attack momentum --decay 2": "decay must be a number from 0 to 1, got 2.0",
    "--attack dim --diversity -1": "diversity must be a number from 0 to 1, got -1.0",
    "--attack pgd --diversity 0.5": "diversity can be set for momentum, dim only, not for pgd",
    "--attack square --queries 0": "queries must be a whole number from 1 to 20000, got 0",
    "--queries 10": "queries can be set for square, rays only, not for fgsm",
    "--source nowhere.safetensors": "no checkpoint at nowhere.safetensors",
    "--epsilons 0,x": "--epsilons takes numbers such as 0,0.1,0.2, got '0,x'",
    "--epsilons 0,2": "epsilon must be a number from 0 to 1",
    "--epsilons nan": "epsilon must be a number from 0 to 1",
    "--epsilons 0,0": "epsilons must be a list of different numbers",
    "--images 0": "--images",
    "--images 10001": "--images must be at most 10000, the number of test images, got 10001",
    "--images many": "--images",
    "--checkpoint no.safetensors": "no checkpoint at no.safetensors: make one with `python -m advdemo train --out",
    "--checkpoint pyproject.toml": "pyproject.toml is not a safetensors checkpoint",
    "--out pyproject.toml/folder": "pyproject.toml/folder: Not a directory",
    "--loss hinge": "unknown loss 'hinge'",
    "--no-such-option": "--no-such-option",
}


@pytest.mark.parametrize(("options", "message"), WRONG_SWEEPS.items())
def test_wrong_sweep(run, options, message):
    assert refused(run("sweep", *options.split()), message)


# attack


def test_attack_writes_three_images_and_the_prediction(run, lenet, seven, tmp_path):
    out = tmp_path / "out"
    result = run("attack", seven, "--epsilon", 0.3, "--label", 7, "--out", out)
    assert result.exit_code == 0
    original = to_mnist(pixels_of(seven))[None]
    adversarial = fgsm(lenet, original, torch.tensor([7]), 0.3)
    before, after = predict(lenet, original)[0], predict(lenet, adversarial)[0]
    assert "Label:   7 (given)" in result.stdout
    assert f"Before:  {before.argmax()} ({before.max():.2%})" in result.stdout
    assert f"After:   {after.argmax()} ({after.max():.2%}) at epsilon 0.3" in result.stdout

    for name, image in {"original": original, "adversarial": adversarial}.items():
        pixels = pixels_of(out / f"{name}.png")
        assert pixels.shape == (280, 280)
        assert np.array_equal(pixels, np.kron(pixels[::10, ::10], np.ones((10, 10), np.uint8)))
        assert np.array_equal(pixels[::10, ::10], (image[0, 0] * 255).round().byte())
    colours = np.unique(pixels_of(out / "perturbation.png").reshape(-1, 3), axis=0)
    assert 2 <= len(colours) <= 3

    prediction = json.loads((out / "prediction.json").read_text())
    assert prediction["after"]["digit"] == after.argmax()
    assert prediction["after"]["confidences"] == pytest.approx(after.tolist(), abs=1e-6)
    assert (prediction["label"], prediction["label_given"]) == (7, True)
    assert f"{prediction['flip_epsilon']:.4f}" in result.stdout


def test_a_target_already_read_is_refused(run, seven, tmp_path):
    result = run("attack", seven, "--target", 7, "--out", tmp_path / "out")
    assert refused(result, "the model already reads the image as 7: choose another target")


def test_targeted_pgd_reaches_its_target(run, seven, tmp_path):
    printed = run("attack", seven, "--attack", "pgd", "--target", 3, "--epsilon", 0.3, "--out", tmp_path)
    prediction = json.loads((tmp_path / "prediction.json").read_text())
    assert (prediction["attack"], prediction["target"], prediction["after"]["digit"]) == ("pgd", 3, 3)
    assert f"the network reads 3 from epsilon {prediction['flip_epsilon']:.4f}" in printed.stdout
    original, adversarial = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("original", "adversarial"))
    assert 70 < np.abs(original.astype(int) - adversarial).max() <= 77


def test_attack_without_a_label_takes_the_prediction_and_says_so(run, seven, tmp_path):
    result = run("attack", seven, "--out", tmp_path / "out")
    assert "Label:   7 (the prediction before the attack: none was given)" in result.stdout
    assert json.loads((tmp_path / "out" / "prediction.json").read_text())["label_given"] is False


def test_square_says_how_much_it_asked(run, seven, tmp_path):
    printed = run("attack", seven, "--attack", "square", "--epsilon", 0.3, "--out", tmp_path).stdout
    prediction = json.loads((tmp_path / "prediction.json").read_text())
    assert 1 < prediction["queries"] < 1000
    assert prediction["after"]["digit"] != 7
    assert f"Asked:   fooled after {prediction['queries']} questions" in printed
    shown = [pixels_of(tmp_path / f"{name}.png").astype(int) for name in ("original", "adversarial")]
    assert 70 < np.abs(shown[0] - shown[1]).max() <= 77
    failed = run("attack", seven, "--attack", "square", "--epsilon", 0.01, "--queries", 20, "--out", tmp_path).stdout
    assert "Asked:   not fooled after 20 questions" in failed


def test_rays_says_how_little_will_do(run, seven, tmp_path):
    run("attack", seven, "--attack", "rays", "--queries", 300, "--epsilon", 0.25, "--out", tmp_path)
    prediction = json.loads((tmp_path / "prediction.json").read_text())
    assert 0.05 < prediction["flip_epsilon"] < 0.25
    assert prediction["after"]["digit"] != 7
    assert prediction["queries"] is None
    refusal = run("attack", seven, "--attack", "rays", "--target", 3, "--out", tmp_path)
    assert refused(refusal, "RayS cannot aim at a class")


def test_attack_with_epsilon_zero_changes_nothing(run, seven, tmp_path):
    run("attack", seven, "--epsilon", 0, "--out", tmp_path)
    assert (tmp_path / "original.png").read_bytes() == (tmp_path / "adversarial.png").read_bytes()


def test_attack_on_a_digit_already_misread(run, seven, tmp_path):
    result = run("attack", seven, "--label", 3, "--out", tmp_path / "out")
    assert "Flip:    already another digit without any attack" in result.stdout


def test_attack_names_the_picture_that_will_not_do(run, tmp_path):
    (tmp_path / "notes.png").write_text("not a picture")
    assert refused(run("attack", tmp_path / "notes.png"), "notes.png: it is not a picture that can be read")
    Image.new("L", (50, 50), 255).save(tmp_path / "blank.png")
    assert refused(run("attack", tmp_path / "blank.png"), "blank.png: there is no ink")


def test_wrong_attack(run, seven, tmp_path):
    assert refused(run("attack", tmp_path / "missing.png"), "missing.png: No such file")
    assert refused(run("attack", tmp_path), tmp_path.name)
    assert refused(run("attack", seven, "--epsilon", 1.5), "epsilon must be a number from 0 to 1")
    assert refused(run("attack", seven, "--epsilon", "nan"), "epsilon must be a number from 0 to 1")
    assert refused(run("attack", seven, "--label", 10), "--label")
    assert refused(run("attack"), "IMAGE")


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


# A process started in the background by a shell ignores SIGINT, and so would its children.
INTERRUPTIBLE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("advdemo", run_name="__main__", alter_sys=True)
"""


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


def test_unknown_command(run):
    assert refused(run("fool"), "No such command 'fool'")


def test_as_a_program(tmp_path):
    def run(*arguments):
        return subprocess.run([sys.executable, "-m", "advdemo", *arguments], cwd=ROOT, capture_output=True, text=True)

    done = run("sweep", "--images", "200", "--epsilons", "0", "--checkpoint", str(CHECKPOINT))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Epsilon: 0  Test Accuracy = ")
    failed = run("sweep", "--checkpoint", str(tmp_path / "none"))
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: no checkpoint at")
    assert len(failed.stderr.splitlines()) == 1


# certify


def test_certify_says_what_is_proved_and_what_is_broken(run, lenet, seven):
    image = to_mnist(pixels_of(seven))
    proved = certified_epsilon(lenet, image, 7)
    result = run("certify", seven)
    assert result.exit_code == 0
    label, reads, lower, upper = result.stdout.splitlines()
    assert label == "Label:   7 (the prediction: none was given)"
    assert reads.startswith("Reads:   7 (")
    assert lower == f"Proved:  up to epsilon {proved:.4f}, by crown"
    assert upper == f"Broken:  by FGSM at epsilon {scan(lenet, image, 7).flip_epsilon:.4f}"
    by_intervals = certified_epsilon(lenet, image, 7, method="intervals")
    assert f"epsilon {by_intervals:.4f}, by intervals" in run("certify", seven, "--method", "intervals").stdout
    assert by_intervals < proved


def test_certify_of_a_misread_picture_proves_nothing(run, seven):
    assert "Proved:  nothing, by crown" in run("certify", seven, "--label", 3).stdout


def test_certify_refuses(run, seven, tmp_path):
    assert refused(run("certify", seven, "--method", "guess"), "unknown method 'guess': choose one of intervals, crown")
    assert refused(run("certify", tmp_path / "none.png"), "none.png")


@pytest.mark.parametrize("method", ["intervals", "crown"])
def test_sweep_certified_prints_and_writes_what_is_proved(method, run, lenet, mnist_test, tmp_path):
    epsilons = [0.0, 0.002, 0.02]
    result = run(
        "sweep", "--certified", "--method", method, "--images", 20, "--epsilons", "0,0.002,0.02", "--out", tmp_path
    )
    *_, expected = certified_stream(lenet, mnist_test[0][:20], mnist_test[1][:20], epsilons, method=method)
    lines = [
        f"Epsilon: {epsilon:g}  Certified Accuracy = {correct} / 20 = {correct / 20}"
        for epsilon, correct in zip(epsilons, expected.correct, strict=True)
    ]
    assert result.stdout.splitlines()[:3] == lines
    assert (tmp_path / "sweep.csv").read_text().splitlines()[
        2
    ] == f"0.002,{expected.correct[1]},20,{expected.accuracies[1]}"


def test_sweep_certified_takes_no_attack(run):
    assert refused(run("sweep", "--certified", "--attack", "pgd"), "leave out --attack")
    assert refused(run("sweep", "--certified", "--source", CHECKPOINT), "leave out --attack and --source")
    assert refused(run("sweep", "--method", "crown"), "--method is of --certified")
