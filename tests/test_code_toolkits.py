"""The programs that the page shows with a toolkit: the same pixels as ours, and what no toolkit has."""

import pytest
import torch

from advdemo.attacks import ATTACKS
from advdemo.measures.scan import EPSILONS
from advdemo.ui.programs import read_pieces
from tests.composed import ATTACKED, LABEL, SHOWN_HERE, STEP, compose, run_program


@pytest.fixture(scope="module")
def programs():
    return compose()


@pytest.fixture
def run():
    return run_program


def attacks_of(shown):
    view, state = SHOWN_HERE[shown]
    if view == "explore":
        attacks = [{"scores": "square", "label": "rays"}.get(state["answers"], one["attack"]) for one in state["sides"]]
        return [attack for attack in attacks if attack in ATTACKS]  # a painting is none
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
