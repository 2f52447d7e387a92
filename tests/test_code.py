"""The programs that the page shows are run, and their numbers compared with what the page itself answers."""

import base64
import re

import numpy as np
import pytest
import torch

from advdemo.attacks import RayS, Square
from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.scan import EPSILONS
from advdemo.measures.sweep import sweep
from advdemo.networks.binarised import Binarised
from advdemo.networks.generator import PER_UNIT
from advdemo.networks.intervals import margins, seen_box
from advdemo.networks.predict import predict
from advdemo.ui.handlers.scan import scan_sides
from advdemo.ui.jobs.game import SHOWN, View
from advdemo.ui.programs import read_pieces
from advdemo.ui.requests import Order, ScanRequest, parse
from advdemo.ui.service import Service
from advdemo.ui.service.networks import Networks
from advdemo.ui.service.pairs import load_pairs
from advdemo.ui.words import texts
from tests.composed import ATTACKED, DRAWN, INDEX, LABEL, PAINTED, SHOWN_HERE, STEP, compose, run_program
from tests.conftest import CHECKPOINT


@pytest.fixture(scope="module")
def programs():
    return compose()


@pytest.fixture
def run():
    return run_program


@pytest.fixture(scope="module")
def models(lenet, robust, certified):
    return Networks({"standard": lenet, "robust": robust, "certified": certified, "binarised": Binarised(lenet)})


def shares_on_page(models, mnist_test, shown, image=None):
    """The probabilities (101, 10) of each side, as the page is sent them; of a drawing, which the page sends as it
    is seen, by its pixels."""
    _, state = SHOWN_HERE[shown]
    images, labels = mnist_test if image is None else (image, torch.tensor([state["label"]]))
    sides = [{"network" if key == "model" else key: value for key, value in one.items()} for one in state["sides"]]
    service = Service(models, images, labels)
    given = {"index": INDEX if image is None else 0, "sides": sides}
    reply = scan_sides(service, parse(ScanRequest, given, service.offered))
    return [one["probabilities"] for one in reply["sides"]]


def check_shares(names, printed, expected):
    found = names["network"](names["adversarial"]).softmax(1)[0]
    assert np.abs(found.numpy() - expected[STEP]).max() < 1e-4
    assert int(printed[-2]) == expected[STEP].argmax()
    assert abs(float(printed[-1]) - expected[STEP].max()) < 1e-4


@pytest.mark.parametrize("shown", ATTACKED)
def test_an_attack_has_the_page_s_confidences(shown, run, models, mnist_test):
    names, printed = run(shown, "attack")
    sides = shares_on_page(models, mnist_test, shown)
    check_shares(names, printed, sides[-1])
    assert (names["adversarial"] - names["image"]).abs().max() <= EPSILONS[STEP] + 1e-6
    clean, first = sides[0][0], sides[0][STEP]
    assert [int(printed[0]), int(printed[2])] == [clean.argmax(), first.argmax()]
    assert abs(float(printed[3]) - first.max()) < 1e-4


def test_a_painting_is_written_down(run, lenet, mnist_test):
    names, printed = run("painted", "attack")
    image = mnist_test[0][INDEX : INDEX + 1]
    expected = (image + EPSILONS[STEP] * torch.from_numpy(PAINTED)).clamp(0, 1)
    assert (names["adversarial"] - expected).abs().max() < 1e-6
    shares = predict(lenet, expected)[0]
    assert printed[2:] == [str(int(shares.argmax())), f"{float(shares.max()):.4f}"]


def test_every_comment_has_words_and_every_word_is_a_comment():
    used = {name for piece in read_pieces().values() for name in re.findall(r"# \{(\w+)\}", piece["code"])}
    written = {name.removeprefix("note_") for name in texts("en")["code"] if name.startswith("note_")}
    assert used | {"yours", "forger_own"} == written


def test_a_drawing_is_written_down(run, models, mnist_test):
    names, printed = run("drawn", "attack")
    image = torch.from_numpy(DRAWN)[None, None] / 255
    assert torch.equal(names["image"], image)
    check_shares(names, printed, shares_on_page(models, mnist_test, "drawn", image)[0])


@pytest.mark.parametrize(("shown", "box", "aim"), [("scores", Square(), 8), ("label", RayS(), LABEL)])
def test_a_black_box_is_asked_as_on_the_page(shown, box, aim, run, lenet, mnist_test):
    names, printed = run(shown, "attack")
    *_, last = box.stream(lenet, mnist_test[0][INDEX], aim, EPSILONS[STEP], targeted=aim != LABEL)
    assert torch.equal(names["adversarial"][0], last.image)
    assert printed[:2] == [str(last.queries), str(last.fooled)]


@pytest.mark.parametrize("model", ["standard", "certified", "binarised"])
def test_a_proof_reaches_as_far_as_the_page_s(model, run, models, mnist_test):
    _, printed = run({"standard": "fgsm", "certified": "certified", "binarised": "rounded"}[model], "proof")
    image, network = mnist_test[0][INDEX], models.shipped[model]

    def holds(epsilon):
        """Without the package's allowance for rounding."""
        seen, box = seen_box(network, image[None], epsilon)
        lowest = margins(seen, box, torch.tensor([LABEL]), outward=False)[0]
        return bool((lowest > 0).sum() == 9)

    by_intervals = float(printed[0])
    assert holds(by_intervals)
    assert not holds(by_intervals + 1.1e-4)
    assert certified_epsilon(network, image, LABEL, method="intervals") <= by_intervals
    assert float(printed[1]) == certified_epsilon(network, image, LABEL)
    if model == "certified":
        assert by_intervals > 0.1


@pytest.mark.parametrize("shown", ["ordered", "found"])
def test_a_digit_to_order_is_the_one_on_the_pad(shown, run):
    names, _ = run(shown, "digit")
    image, _ = (
        load_pairs(CHECKPOINT.parent).shipped["shipped"].draw(Order.model_validate(SHOWN_HERE[shown][1]["order"]))
    )
    assert ((names["image"] - image).abs() * 255).max() <= 0.51  # the page shows whole greys
    if shown == "found":
        assert torch.equal(names["middle"], torch.arange(64) / PER_UNIT)


SWEPT = [name for name in SHOWN_HERE if name.startswith("sweep ")]


@pytest.mark.parametrize("shown", SWEPT)
def test_a_sweep_counts_as_the_page_does(shown, run, models, mnist_test):
    state = SHOWN_HERE[shown][1]
    _, printed = run(shown, "proof" if state["proof"] else "attack")
    count, network = state["count"], models.shipped[state["model"]]
    arguments = network, mnist_test[0][:count], mnist_test[1][:count], state["epsilons"]
    if state["proof"]:
        *_, result = certified_stream(*arguments, method=state["attack"])
    else:
        result = sweep(*arguments, attack=state["attack"])
    assert [int(correct) for correct in printed[1::4]] == result.correct.tolist()
    assert {int(total) for total in printed[3::4]} == {count}


def test_the_forgeries_are_those_of_the_game(run, lenet):
    names, printed = run("forgeries", "digit")
    pair = load_pairs(CHECKPOINT.parent).shipped["shipped"]
    shown = View(lenet, torch.device("cpu")).of(pair.generator, pair.discriminator)["forgeries"]
    pixels = np.frombuffer(base64.b64decode(shown), np.uint8).reshape(SHOWN, 28, 28)
    assert np.abs(names["images"][:, 0].numpy() * 255 - pixels).max() <= 0.51
    assert "@" in "".join(printed)


def test_what_cannot_be_written_out_is_said(programs):
    for shown, part in (("someone's", "attack"), ("someone's", "proof"), ("someone's sweep", "attack")):
        assert "lenet(x) is for you to write here" in programs[shown][part]
    for shown in ("rays", "scores", "sweep square", "sweep crown", "sweep crown rounded"):
        assert "too long to write out here" in "".join(programs[shown].values())


def test_nothing_else_needs_the_package(programs):
    for shown, parts in programs.items():
        for name, code in parts.items():
            alone = "too long to write out" not in code
            assert ("import advdemo" not in code and "from advdemo" not in code) == alone, (shown, name)
            assert [line for line in code.splitlines() if len(line) > 120] == []
