"""The programs that the page shows are run, and their numbers compared with what the page itself answers."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import warnings
from contextlib import redirect_stdout

import numpy as np
import pytest
import torch

from advdemo.attacks import ATTACKS, RayS, Square
from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.scan import EPSILONS
from advdemo.measures.sweep import sweep
from advdemo.networks.binarised import Binarised
from advdemo.networks.generator import PER_UNIT
from advdemo.networks.predict import predict
from advdemo.ui.handlers.scan import scan_sides
from advdemo.ui.jobs.game import SHOWN, View
from advdemo.ui.programs import read_pieces
from advdemo.ui.requests import Order, ScanRequest, parse
from advdemo.ui.service import Service
from advdemo.ui.service.networks import Networks
from advdemo.ui.service.pairs import load_pairs
from advdemo.ui.words import texts
from tests.conftest import CHECKPOINT, ROOT

EPSILON = "\ue000"  # as in code/compose.js
STEP = 30
INDEX, LABEL = 63, 3
SCANNED = [name for name, row in ATTACKS.items() if row.scannable]
CENTRE = base64.b64encode(bytes(range(64))).decode()
FEW = {"count": 40, "epsilons": [0, 0.1, 0.3]}


def side(attack="fgsm", model="standard", target=None):
    return {"attack": attack, "model": model, "target": target}


def explored(*sides, **changes):
    shown = {"answers": None, "label": LABEL, "index": INDEX, "order": None, "ownForger": False}
    return "explore", shown | {"sides": list(sides)} | changes


def swept(attack, model="standard", proof=False, **changes):
    return "sweep", {"model": model, "attack": attack, "proof": proof} | FEW | changes


DRAWN = np.kron(np.eye(14), np.full((2, 2), 200)).astype(np.uint8)  # a diagonal
PAINTED = np.kron(np.eye(7), np.array([[1, 0], [-1, 0]]).repeat(2, 1)).repeat(2, 0).astype(np.int8)
ORDER = {"digit": 5, "seed": 12, "place": [17, -31], "centre": None}
SHOWN_HERE = {
    **{name: explored(side(name)) for name in SCANNED},
    **{f"{name} at 8": explored(side(name, target=8)) for name in ("fgsm", "momentum", "dim")},
    "two networks": explored(side(model="robust"), side(model="certified")),
    "two attacks": explored(side("pgd", target=8), side("noise")),
    "drawn": explored(side(), index=None, label=1, image=DRAWN.flatten().tolist()),
    "painted": explored(side("hand"), painting=PAINTED.flatten().tolist()),
    "scores": explored(side(target=8), answers="scores"),
    "label": explored(side(), answers="label"),
    "certified": explored(side(model="certified")),
    "rounded": explored(side(model="binarised")),
    "straight": explored(side("bpda", model="binarised")),
    "one behind rounding": explored(side(model="certified"), side("bpda", model="binarised")),
    "a network and it rounded": explored(side(), side(model="binarised")),
    "ordered": explored(side(), index=None, order=ORDER, image=[0] * 784),
    "found": explored(side(), index=None, order=ORDER | {"centre": CENTRE}, image=[0] * 784),
    **{f"sweep {name}": swept(name) for name in ("fgsm", "momentum", "advgan", "noise")},
    "sweep pgd": swept("pgd", count=20, epsilons=[0.1]),
    "sweep dim": swept("dim", count=5),
    "sweep square": swept("square", count=3, epsilons=[0.4]),
    "sweep bpda": swept("bpda", "binarised", count=20, epsilons=[0.1, 0.3]),
    "sweep rounded": swept("fgsm", "binarised"),
    "sweep intervals rounded": swept("intervals", "binarised", proof=True),
    "sweep crown rounded": swept("crown", "binarised", proof=True, count=3),
    "sweep robust": swept("fgsm", "robust", count=200),
    "sweep intervals": swept("intervals", "certified", proof=True),
    "sweep crown": swept("crown", proof=True, count=3),
    "forgeries": ("forgeries", {"own": False, "count": SHOWN}),
    "someone's": explored(side(model="mine")),
    "someone's sweep": swept("fgsm", "mine"),
}


@pytest.fixture(scope="module")
def programs():
    """What SHOWN_HERE names -> the programs by their names, the slider's value written in; "toolkit" is the attack's by
    one."""
    node = shutil.which("node")
    if node is None:
        reason = "no Node found: it composes the programs (Debian: `apt install nodejs`)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    wanted = [{"view": view, "state": state} for view, state in SHOWN_HERE.values()]
    asked = json.dumps({"pieces": read_pieces(), "wanted": wanted})
    script = ROOT / "tests" / "web" / "compose.mjs"
    run = subprocess.run([node, script], input=asked, capture_output=True, text=True, check=True)
    epsilon = f"{EPSILONS[STEP]:.3f}"
    composed = {}
    for shown, parts in zip(SHOWN_HERE, json.loads(run.stdout), strict=True):
        codes = [(part["name"], part["code"]) for part in parts]
        codes += [("toolkit", part["toolkit"]) for part in parts if "toolkit" in part]
        composed[shown] = {name: code.replace(EPSILON, epsilon) for name, code in codes}
    return composed


@pytest.fixture
def run(programs, monkeypatch):
    """Runs a program in the repository: (its names, what it printed)."""
    monkeypatch.chdir(ROOT)

    def run_program(shown, part):
        names, printed = {}, io.StringIO()
        with redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the toolkits say is not ours
            exec(compile(programs[shown][part], f"{shown}.py", "exec"), names)
        return names, printed.getvalue().split()

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


ATTACKED = [*SCANNED, *(name for name in SHOWN_HERE if name.endswith(" at 8")), "two networks", "two attacks"]
ATTACKED += ["rounded", "straight", "one behind rounding", "a network and it rounded"]


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


def attacks_of(shown):
    view, state = SHOWN_HERE[shown]
    if view == "explore":
        return [{"scores": "square", "label": "rays"}.get(state["answers"], one["attack"]) for one in state["sides"]]
    return [state["attack"]] if view == "sweep" and not state["proof"] else []


PIECES = read_pieces()
WITHOUT_TOOLKIT = {name for name in ATTACKS if PIECES.get(f"toolkit/{name}", {}).get("code") == "# {none}"}
NOT_OFFERED = {name for name in ATTACKS if f"toolkit/{name}" not in PIECES}
CHANCE = {"dim", "square"}  # the toolkit's own
TOOLKITS = [shown for shown in ATTACKED if not {*attacks_of(shown)} & (WITHOUT_TOOLKIT | NOT_OFFERED | CHANCE)]


@pytest.mark.parametrize("shown", TOOLKITS)
def test_a_toolkit_makes_the_same_pixels(shown, run):
    ours, _ = run(shown, "attack")
    theirs, printed = run(shown, "toolkit")
    assert (theirs["adversarial"] - ours["adversarial"]).abs().max() < 1e-6
    assert abs(float(printed[-1]) - float(ours["shares"].max())) < 1e-4


@pytest.mark.parametrize(("shown", "attack"), [("sweep fgsm", "fgsm"), ("sweep momentum", "momentum")])
def test_a_toolkit_s_sweep_counts_the_same(shown, attack, run):
    assert run(shown, "toolkit")[1] == run(shown, "attack")[1]


@pytest.mark.parametrize("shown", ["sweep dim", "sweep square"])
def test_a_toolkit_of_chance_fools_as_well(shown, run):
    """Its pixels are its own, and so its words say."""
    torch.manual_seed(0)
    names, printed = run(shown, "toolkit")
    ours, theirs = ([int(correct) for correct in lines[1::4]] for lines in (run(shown, "attack")[1], printed))
    assert theirs == pytest.approx(ours, abs=1)
    assert theirs[-1] == 0
    assert (names["adversarial"] - names["x"]).abs().max() <= names["epsilon"] + 1e-6


def test_a_toolkit_aims_with_scores_alone(run):
    names, printed = run("scores", "toolkit")
    assert (names["adversarial"] - names["image"]).abs().max() <= EPSILONS[STEP] + 1e-6
    chances = names["network"](torch.cat([names["image"], names["adversarial"]])).softmax(1)[:, 8]
    assert chances[1] > 2 * chances[0]
    assert printed[-4] == str(LABEL)


def test_what_no_toolkit_has_is_said(programs):
    assert WITHOUT_TOOLKIT == {"rays", "advgan", "noise"}
    for shown, parts in programs.items():
        attacks = {*attacks_of(shown)}
        assert ("toolkit" in parts) == bool(attacks and not attacks & NOT_OFFERED), shown
        assert (parts.get("toolkit") == "# neither ART nor torchattacks has this attack\n") == bool(
            attacks & WITHOUT_TOOLKIT
        ), shown


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
    # The package allows for rounding, which can cost a step.
    assert abs(float(printed[0]) - certified_epsilon(network, image, LABEL, method="intervals")) < 1.1e-4
    assert float(printed[1]) == certified_epsilon(network, image, LABEL)
    if model == "certified":
        assert float(printed[0]) > 0.1


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
