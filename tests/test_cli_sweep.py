import json

import pytest

from advdemo.attacks import ATTACKS, PGD, Momentum, make_settings, setting_owners
from advdemo.measures.bounds import certified_stream
from advdemo.measures.sweep import EPSILONS, sweep
from advdemo.networks.ensemble import Ensemble
from tests.commands import refused
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT


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
    "--attack bomb": f"unknown attack 'bomb': choose one of {', '.join(ATTACKS)}",
    "--steps 5": f"steps can be set for {', '.join(setting_owners('steps'))} only, not for fgsm",
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
    "--out pyproject.toml": "pyproject.toml is a file: name a folder",
    "--loss hinge": "unknown loss 'hinge'",
    "--no-such-option": "--no-such-option",
}


@pytest.mark.parametrize(("options", "message"), WRONG_SWEEPS.items())
def test_wrong_sweep(run, options, message):
    assert refused(run("sweep", *options.split()), message)


@pytest.mark.parametrize("method", ["intervals", "crown"])
def test_sweep_certified_prints_and_writes_what_is_proved(method, run, lenet, mnist_test, tmp_path):
    epsilons = [0.0, 0.002, 0.02]
    result = run(
        "sweep", "--certified", "--method", method, "--images", 8, "--epsilons", "0,0.002,0.02", "--out", tmp_path
    )
    *_, expected = certified_stream(lenet, mnist_test[0][:8], mnist_test[1][:8], epsilons, method=method)
    lines = [
        f"Epsilon: {epsilon:g}  Certified Accuracy = {correct} / 8 = {correct / 8}"
        for epsilon, correct in zip(epsilons, expected.correct, strict=True)
    ]
    assert result.stdout.splitlines()[:3] == lines
    assert (tmp_path / "sweep.csv").read_text().splitlines()[
        2
    ] == f"0.002,{expected.correct[1]},8,{expected.accuracies[1]}"


def test_sweep_certified_takes_no_attack(run):
    assert refused(run("sweep", "--certified", "--attack", "pgd"), "leave out --attack")
    assert refused(run("sweep", "--certified", "--source", CHECKPOINT), "leave out --attack and --source")
    assert refused(run("sweep", "--method", "crown"), "--method is of --certified")
