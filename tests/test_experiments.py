"""The six experiments: what is told is what is measured."""

import pytest

from advdemo.measures import experiments
from advdemo.measures.experiments import EXPERIMENTS
from advdemo.measures.scan import scan

EXPECTED = {  # what the words about them explain
    "attack": "pgd", "network": "robust", "noise": "few", "transfer": "robust", "proof": "certified", "blind": "early",
}  # fmt: skip


@pytest.fixture(scope="module")
def networks(lenet, robust, certified):
    return {"standard": lenet, "robust": robust, "certified": certified}


@pytest.fixture(scope="module")
def findings(networks, mnist_test):
    return {name: row.run(networks, *mnist_test, row.index) for name, row in EXPERIMENTS.items()}


def test_the_answers_are_those_that_the_words_explain(findings):
    assert {name: finding.answer for name, finding in findings.items()} == EXPECTED
    assert all(finding.answer in EXPERIMENTS[name].options for name, finding in findings.items())


def test_a_flip_is_that_of_a_scan(findings, lenet, mnist_test):
    for name in ("attack", "blind"):
        index = EXPERIMENTS[name].index
        for attack, flip in findings[name].measured.items():
            assert flip == scan(lenet, mnist_test[0][index], int(mnist_test[1][index]), attack=attack).flip_epsilon
    assert findings["blind"].measured["fgsm"] is None


def test_nothing_is_proved_that_an_attack_breaks(findings):
    proved, broken = findings["proof"].measured, findings["network"].measured
    assert EXPERIMENTS["proof"].index == EXPERIMENTS["network"].index
    assert all(0 < proved[name] < broken[name] for name in proved)


@pytest.mark.parametrize(
    ("flips", "answer"),
    [
        ({"fgsm": 0.2, "pgd": 0.1}, "pgd"),
        ({"fgsm": 0.1, "pgd": None}, "fgsm"),
        ({"fgsm": 0.2, "pgd": 0.2}, "same"),
        ({"fgsm": None, "pgd": None}, "same"),
    ],
)
def test_the_answer_follows_the_measurement(monkeypatch, flips, answer):
    monkeypatch.setattr(experiments, "_flip", lambda _network, _images, _labels, _index, attack: flips[attack])
    assert experiments.stronger_attack({"standard": None}, None, None, 0).answer == answer
    early = {0.1: "early", 0.2: "early", None: "never"}[flips["pgd"]]
    assert experiments.blind_attack({"standard": None}, None, None, 0).answer == early


@pytest.mark.parametrize(("shares", "answer"), [((0.8, 0.1), "few"), ((0.8, 0.4), "half"), ((0.8, 0.7), "same")])
def test_noise_is_told_by_its_share_of_fgsm(monkeypatch, lenet, mnist_test, shares, answer):
    results = iter(shares)
    monkeypatch.setattr(experiments, "_fooled", lambda *_: next(results))
    some = (part[:20] for part in mnist_test)
    assert experiments.noise_or_sign({"standard": lenet}, *some, 0).answer == answer


def test_the_server_measures_and_remembers(visitor):
    ask = visitor().ask
    status, reply = ask("experiment", {"name": "noise"})
    assert (status, reply["answer"]) == (200, "few")
    assert reply["measured"]["noise"] < 0.1 < 0.5 < reply["measured"]["fgsm"]
    assert ask("experiment", {"name": "noise"})[1] == reply
    status, reply = ask("mistake", {"name": "units"})
    assert (status, reply["images"], len(reply["reads"])) == (200, 500, 3)
    assert reply["pictures"].shape == (3, 28, 28)
    assert reply["rows"]["accuracy"][0] > 0.9


@pytest.mark.parametrize("kind", ["experiment", "mistake"])
@pytest.mark.parametrize("question", [{}, {"name": "typo"}, {"name": 5}, {"name": ["noise"]}])
def test_odd_questions_are_refused(visitor, kind, question):
    status, error = visitor().ask(kind, question)
    assert (status, error["key"]) == (400, f"{kind}s.unknown")
