import json
import re

import numpy as np
import pytest
import torch
from PIL import Image

from advdemo import NETWORKS, shipped
from advdemo.attacks import fgsm
from advdemo.images.drawing import to_mnist
from advdemo.images.picture import LOWERED, RAISED, write_picture
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import predict
from tests.commands import pixels_of, refused
from tests.photos import black


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
    colours, change = pixels_of(out / "perturbation.png")[::10, ::10], (adversarial - original)[0, 0]
    assert (colours[change > 0] == RAISED).all()
    assert (colours[change < 0] == LOWERED).all()

    prediction = json.loads((out / "prediction.json").read_text())
    assert prediction["after"]["digit"] == after.argmax()
    assert prediction["after"]["confidences"] == pytest.approx(after.tolist(), abs=1e-6)
    assert (prediction["label"], prediction["label_given"]) == (7, True)
    assert f"{prediction['flip_epsilon']:.4f}" in result.stdout


def test_a_target_already_read_is_refused(run, seven, tmp_path):
    result = run("attack", seven, "--target", 7, "--out", tmp_path / "out")
    assert refused(result, "the model already reads the image as 7: choose another target")


def test_a_target_that_is_the_label_is_refused(run, seven, tmp_path):
    result = run("attack", seven, "--label", 4, "--target", 4, "--out", tmp_path / "out")
    assert refused(result, "--target 4 is the digit itself, as --label says: choose another target")


def test_targeted_pgd_reaches_its_target(run, seven, tmp_path):
    printed = run("attack", seven, "--attack", "pgd", "--target", 3, "--epsilon", 0.3, "--out", tmp_path)
    prediction = json.loads((tmp_path / "prediction.json").read_text())
    assert (prediction["attack"], prediction["target"], prediction["after"]["digit"]) == ("pgd", 3, 3)
    assert f"Fooled:  as 3 from epsilon {prediction['flip_epsilon']:.4f}" in printed.stdout
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
    assert f"Fooled:  yes, after {prediction['queries']} queries" in printed
    shown = [pixels_of(tmp_path / f"{name}.png").astype(int) for name in ("original", "adversarial")]
    assert 70 < np.abs(shown[0] - shown[1]).max() <= 77
    failed = run("attack", seven, "--attack", "square", "--epsilon", 0.01, "--queries", 20, "--out", tmp_path).stdout
    assert "Fooled:  no, after 20 queries" in failed


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
    assert "Fooled:  without any attack" in result.stdout


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
    assert refused(run("attack", seven, "--attack", "rays", "--out", seven), "seven.png is a file: name a folder")


@pytest.mark.parametrize("network", ["standard", "robust", "certified"])
def test_an_example_that_was_written_is_read_back_to_the_last_bit(run, seven, tmp_path, network):
    first = run("attack", seven, "--epsilon", 0.3, "--out", tmp_path / "first")
    written = pixels_of(tmp_path / "first" / "adversarial.png")[::10, ::10]
    model = load_checkpoint(shipped(NETWORKS[network]), "cpu")[0]
    expected = predict(model, torch.from_numpy(written / np.float32(255))[None, None])[0]
    options = ("--epsilon", 0, "--checkpoint", network, "--out", tmp_path / "again")
    again = run("attack", tmp_path / "first" / "adversarial.png", *options)
    assert f"Before:  {expected.argmax()} ({expected.max():.2%})" in again.stdout
    assert np.array_equal(pixels_of(tmp_path / "again" / "adversarial.png")[::10, ::10], written)
    if network == "standard":
        after = re.search(r"After:   (\d)", first.stdout)[1]
        assert f"Before:  {after} " in again.stdout
        certified = run("certify", tmp_path / "first" / "adversarial.png", "--label", after)
        assert f"Predicted: {expected.argmax()} ({expected.max():.2%})" in certified.stdout


def test_a_picture_of_two_digits_is_refused(run, tmp_path, mnist_test):
    both = np.hstack([black((mnist_test[0][number, 0] * 255).byte().numpy()) for number in (0, 3)])
    Image.fromarray(both).save(tmp_path / "both.png")
    for command in ("attack", "certify"):
        assert refused(run(command, tmp_path / "both.png"), "both.png: there is more than one digit: crop")


def test_what_the_network_is_unsure_of_is_not_proved(run, lenet, tmp_path, mnist_test):
    shares = [part * mnist_test[0][0] + (1 - part) * mnist_test[0][11] for part in np.linspace(0, 1, 41)]
    unsure = min(shares, key=lambda image: float(predict(lenet, image[None])[0].max()))
    assert predict(lenet, unsure[None])[0].max() < 0.5
    write_picture(unsure, tmp_path / "unsure.png")
    assert refused(run("certify", tmp_path / "unsure.png"), "too unsure to certify: give the digit as --label")
    assert "Certified:" in run("certify", tmp_path / "unsure.png", "--label", 7).stdout
