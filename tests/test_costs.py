"""What would take too long is refused, by a measurement."""

import asyncio

import pytest

from advdemo.attacks import find_attack
from advdemo.ui.costs import Costs
from advdemo.ui.lanes import Lane
from advdemo.ui.replies import RefusalError
from advdemo.ui.visitors import Visitor

VISITOR = Visitor("address", "page")


def check(costs, name, attacks):
    asyncio.run(costs.check(VISITOR, find_attack(name)[0], attacks))


def test_a_long_attack_is_refused_with_its_minutes(lenet, mnist_test):
    costs = Costs(Lane("lane", 1), lenet, *mnist_test)
    check(costs, "pgd", 1000)
    with pytest.raises(RefusalError) as caught:
        check(costs, "pgd", 10**7)
    assert caught.value.key == "errors.too_long"
    assert caught.value.values["minutes"] > caught.value.values["most"] == 5
    check(costs, "fgsm", 51 * 10_000)  # one gradient for all epsilons


def test_it_is_measured_once(lenet, mnist_test, monkeypatch):
    costs = Costs(Lane("lane", 1), lenet, *mnist_test)
    check(costs, "pgd", 1)
    monkeypatch.setattr(costs, "_measure", lambda attack: pytest.fail("measured again"))
    check(costs, "pgd", 1)


def test_the_limit_can_be_set(lenet, mnist_test, monkeypatch):
    monkeypatch.setenv("ADVDEMO_MAX_MINUTES", "0.0001")
    with pytest.raises(RefusalError):
        check(Costs(Lane("lane", 1), lenet, *mnist_test), "pgd", 10_000)
    for text in ("x", "0", "-1", "nan"):
        monkeypatch.setenv("ADVDEMO_MAX_MINUTES", text)
        with pytest.raises(ValueError, match="ADVDEMO_MAX_MINUTES must be"):
            Costs(Lane("lane", 1), lenet, *mnist_test)
