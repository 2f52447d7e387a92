"""The endpoints for programs: their answers beside the package's own, and the README's examples, run as they stand."""

import base64
import io
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from advdemo.attacks import ATTACKS, fgsm, pgd
from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.predict import predict
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.server.visitors import ADDRESS_LIMIT, Limits, Visitor
from advdemo.ui.service.pictures import as_png, as_rows, decode_png, parse_picture
from advdemo.ui.words import say
from tests.conftest import ROOT

ROWS = [[0.0] * 28] * 28
READMES = {"python": "README.md", "js": "advdemo/README.md", "bash": "advdemo/README.md"}


@pytest.fixture(scope="module")
def client(app_url):
    return Client(app_url, verbose=False, ssl_verify=False)  # reading the certificates takes most of a call's time


@pytest.fixture(scope="module")
def seven(mnist_test):
    """Test image 7 as a batch of one, and its label."""
    return mnist_test[0][7:8], int(mnist_test[1][7])


def pixels(url):
    return np.asarray(decode_png(url))


def grey(image):
    return (image.view(28, 28) * 255).round().byte().numpy()


def test_predict(client, lenet, robust, seven):
    reply = client.predict(index=7, api_name="/predict")
    expected = predict(lenet, seven[0])[0]
    assert reply["prediction"] == int(expected.argmax())
    assert reply["probabilities"] == pytest.approx(expected.tolist(), abs=1e-6)
    assert np.array_equal(pixels(reply["image"]), grey(seven[0]))
    reply = client.predict(image=as_png(seven[0]), network="robust", arrays=True, api_name="/predict")
    assert reply["confidence"] == pytest.approx(float(predict(robust, seven[0]).max()), abs=1e-6)
    assert reply["arrays"]["image"] == as_rows(seven[0])


def test_a_jpeg_that_is_cut_off_is_read_and_the_reply_says_so(client, mnist_test):
    file = io.BytesIO()
    Image.fromarray(grey(mnist_test[0][0])).resize((280, 280)).save(file, "JPEG", quality=95)  # a 7
    whole, cut = (
        f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
        for content in (file.getvalue(), file.getvalue()[: len(file.getvalue()) * 9 // 10])
    )
    for name in ("predict", "attack", "scan", "certify"):
        replies = [client.predict(image=picture, api_name=f"/{name}") for picture in (whole, cut)]
        assert [reply["notes"] for reply in replies] == [[], [say("api.cut")]], name
    assert client.predict(image=cut, api_name="/predict")["prediction"] == 7


def test_attack(client, lenet, seven):
    image, label = seven
    reply = client.predict(index=7, epsilon=0.15, attack="pgd", target=4, arrays=True, api_name="/attack")
    expected = pgd(lenet, image, torch.tensor([4]), 0.15, targeted=True)
    assert torch.equal(torch.tensor(reply["arrays"]["adversarial"]).view_as(expected), expected)
    assert np.array_equal(pixels(reply["adversarial"]), grey(expected))
    assert np.array_equal(pixels(reply["original"]), grey(image))
    assert (reply["fooled"], reply["after"]["prediction"], reply["target"]) == (True, 4, 4)
    assert (reply["label"], reply["label_source"], reply["before"]["prediction"]) == (label, "mnist", label)
    assert reply["largest_change"] == pytest.approx(0.15, abs=1e-6)
    held = client.predict(image=as_png(image), epsilon=0.001, api_name="/attack")
    assert (held["fooled"], held["label_source"]) == (False, "prediction")
    wrong = client.predict(index=7, epsilon=0.1, label=3, arrays=True, api_name="/attack")
    expected = fgsm(lenet, image, torch.tensor([3]), 0.1)
    assert torch.equal(torch.tensor(wrong["arrays"]["adversarial"]).view_as(expected), expected)


def test_every_attack_answers(client):
    for name in ATTACKS:
        reply = client.predict(index=7, epsilon=0.3, attack=name, api_name="/attack")
        assert 0 < reply["largest_change"] <= 0.300001, name


def test_scan(client, lenet, seven):
    image, label = seven
    reply = client.predict(index=7, arrays=True, api_name="/scan")
    expected = scan(lenet, image, label)
    assert reply["flip"] == expected.flip_epsilon
    assert reply["arrays"]["probabilities"] == expected.probabilities.round(6).tolist()
    first = int(np.argmax(expected.probabilities.argmax(1) != label))
    assert reply["fooling"]["epsilon"] == expected.epsilons[first]
    assert np.array_equal(pixels(reply["fooling"]["image"]), expected.images[first])
    assert reply["reads"][0] == {"from": 0.0, "prediction": label}
    assert reply["reads"][1]["from"] == expected.epsilons[first]


def test_sweep_streams_and_shows_examples_when_asked(client, lenet, mnist_test):
    job = client.submit(count=500, epsilons="0, 0.2", examples=True, api_name="/sweep")
    final = job.result(timeout=120)
    expected = sweep(lenet, mnist_test[0][:500], mnist_test[1][:500], [0, 0.2])
    assert final["correct"] == expected.correct.tolist()
    example, (shown, *_) = expected.examples[1][0], final["examples"][1]
    assert (shown["index"], shown["after"]) == (example.index, example.after)
    assert np.array_equal(pixels(shown["image"]), example.image)
    assert "examples" not in client.predict(count=100, epsilons="0", api_name="/sweep")


def test_generate(client, lenet):
    reply = client.predict(digit=3, seed=5, count=2, api_name="/generate")
    assert len(reply["images"]) == len(reply["realness"]) == 2
    drawn = torch.stack([parse_picture(url)[0] for url in reply["images"]])
    assert reply["predictions"] == predict(lenet, drawn).argmax(1).tolist()
    assert client.predict(digit=3, seed=5, count=2, api_name="/generate") == reply
    assert client.predict(digit=3, seed=6, count=2, api_name="/generate")["images"] != reply["images"]


def test_certify(client, certified, seven):
    image, label = seven
    reply = client.predict(index=7, api_name="/certify")
    assert reply["proved"] == certified_epsilon(certified, image, label) > 0
    assert reply["broken"] is None or reply["broken"] > reply["proved"]


@pytest.mark.parametrize(
    ("name", "question", "sentence"),
    [
        ("predict", {}, "one of the two"),
        ("predict", {"index": 7, "image": ROWS}, "one of the two"),
        ("predict", {"index": 10_000}, "from 0 to 9,999"),
        ("predict", {"index": 7, "network": "foo"}, "no network foo: choose one of standard"),
        ("attack", {"index": 7, "epsilon": 2}, "from 0 to 1.*not 2"),
        ("attack", {"index": 7, "epsilon": "a lot"}, "not a lot"),
        ("attack", {"index": 7, "attack": "bomb"}, "no attack bomb: choose one of fgsm"),
        ("attack", {"index": 7, "attack": "noise", "target": 3}, "noise cannot be aimed"),
        ("attack", {"index": 7, "target": 9}, "already recognises"),
        ("attack", {"index": 7, "label": 4, "target": 4}, "4 is the digit's own label"),
        ("attack", {"index": 7, "label": 10}, "from 0 to 9, not 10"),
        ("attack", {"index": 7, "seed": -1}, "seed.*not -1"),
        ("scan", {"index": 7, "attack": "square"}, "square searches anew"),
        ("sweep", {"count": 0}, "from 1 to 10,000, not 0"),
        ("generate", {"digit": 10}, "from 0 to 9, not 10"),
        ("generate", {"digit": 1, "count": 26}, "1 to 25 digits, not 26"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refusal_names_the_value_and_the_remedy(client, name, question, sentence):
    with pytest.raises(AppError, match=sentence) as caught:
        client.predict(**question, api_name=f"/{name}")
    assert "Traceback" not in str(caught.value)


def test_too_many_calls_are_told_the_limit():
    limits = Limits()

    def ask_and_ask():
        for _ in range(2000):
            limits.count(Visitor("8.8.8.8"))

    with pytest.raises(RefusalError, match=f"at most {ADDRESS_LIMIT[0]:.0f} a second"):
        ask_and_ask()


def test_the_documentation_is_whole(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    for name in ("/predict", "/attack", "/scan", "/sweep", "/generate", "/certify"):
        assert f"At most {ADDRESS_LIMIT[0]:.0f} calls a second" in endpoints[name]["description"]
        for parameter in endpoints[name]["parameters"]:
            told = parameter["python_type"]["description"]
            assert len(told) > 15, (name, parameter)
            assert not re.search(r"\b(IMAGE|INDEX|NETWORK|ATTACKS|ARRAYS)\b", told)


def example(language, url):
    """The documents' example in a language, for the app at this address."""
    document = (ROOT / READMES[language]).read_text(encoding="utf-8")
    section = document.partition("\n## For programs\n")[2].partition("\n## ")[0]
    (code,) = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert "http://127.0.0.1:7860" in code
    return code.replace("http://127.0.0.1:7860", url)


def run(command, code, folder):
    done = subprocess.run([*command, code], cwd=folder, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout.splitlines()


def test_the_python_example(app_url, tmp_path, mnist_test, lenet, seven):
    three = mnist_test[0][mnist_test[1] == 3][0]
    Image.fromarray(255 - grey(three)).resize((280, 280)).save(tmp_path / "three.png")
    _, changed, robust_reads, flip, *swept = run([sys.executable, "-c"], example("python", app_url), tmp_path)
    after = int(lenet(pgd(lenet, seven[0], torch.tensor([seven[1]]), 0.15)).argmax())
    assert changed == f"{seven[1]} -> {after}"
    assert int(robust_reads) == seven[1]
    assert 0 < float(flip) < 0.5
    expected = sweep(lenet, mnist_test[0][:1000], mnist_test[1][:1000], [0, 0.1, 0.2])
    assert swept[-1] == f"1000 {expected.accuracies.tolist()}"


def test_the_javascript_example(app_url, tmp_path, lenet, seven):
    if shutil.which("node") is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Node found: Debian's `nodejs` has it")
    lines = run(["node", "--input-type=module", "-e"], example("js", app_url), tmp_path)
    assert [float(line) for line in lines] == [scan(lenet, *seven).flip_epsilon]


def test_the_curl_example(app_url, tmp_path, certified, seven):
    lines = run(["bash", "-c"], example("bash", app_url), tmp_path)
    assert "event: complete" in lines
    assert f'"proved": {certified_epsilon(certified, *seven)}' in lines[lines.index("event: complete") + 1]
