"""What would take too long is refused, by a measurement."""

import asyncio

import pytest

from advdemo.attacks import find_attack
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.service.costs import Costs
from advdemo.ui.service.networks import pack
from advdemo.ui.work.worker import Workers
from tests.jobs import nothing


@pytest.fixture(scope="module")
def workers():
    workers = Workers(nothing)
    yield workers
    workers.end()


def check(costs, name, images, epsilons=1):
    asyncio.run(costs.check(find_attack(name)[0], images, epsilons))


@pytest.mark.slow
def test_a_long_attack_is_refused_with_its_minutes(workers, lenet):
    costs = Costs(workers, pack(lenet))
    check(costs, "pgd", 1000)
    with pytest.raises(RefusalError) as caught:
        check(costs, "pgd", 10**5, 100)
    assert caught.value.key == "errors.too_long"
    assert caught.value.values["minutes"] > caught.value.values["most"] == 5
    check(costs, "fgsm", 10_000, 51)  # one gradient for all epsilons


def test_it_is_measured_once(workers, lenet, monkeypatch):
    costs = Costs(workers, pack(lenet))
    check(costs, "pgd", 1)
    monkeypatch.setattr(workers, "run", lambda *arguments: pytest.fail("measured again"))
    check(costs, "pgd", 1)


def test_one_run_for_every_epsilon_is_paid_once(workers, lenet):
    costs = Costs(workers, pack(lenet))
    costs._seconds = {"rays": 0.1, "pgd": 0.1}
    check(costs, "rays", 1000, 51)
    with pytest.raises(RefusalError):
        check(costs, "pgd", 1000, 51)


def test_the_limit_can_be_set(workers, lenet, monkeypatch):
    monkeypatch.setenv("ADVDEMO_MAX_MINUTES", "0.0001")
    with pytest.raises(RefusalError):
        check(Costs(workers, pack(lenet)), "pgd", 10_000)
    for text in ("x", "0", "-1", "nan"):
        monkeypatch.setenv("ADVDEMO_MAX_MINUTES", text)
        with pytest.raises(ValueError, match="ADVDEMO_MAX_MINUTES must be"):
            Costs(workers, pack(lenet))


def test_a_long_proof_is_refused_and_intervals_never_are(workers, lenet):
    costs = Costs(workers, pack(lenet))
    asyncio.run(costs.check_proof("crown", 100, 7))
    asyncio.run(costs.check_proof("intervals", 10_000, 51))
    with pytest.raises(RefusalError, match="minutes"):
        asyncio.run(costs.check_proof("crown", 10_000, 51))


def test_what_takes_too_long_after_all_is_stopped_with_its_messages_kept(workers, lenet, monkeypatch):
    monkeypatch.setenv("ADVDEMO_MAX_MINUTES", "0.005")
    ended = []

    async def endless():
        try:
            yield "first"
            yield "second"
            await asyncio.sleep(600)
        finally:
            ended.append(True)

    async def follow():
        messages = Costs(workers, pack(lenet)).limited(endless())
        while True:
            heard.append(await anext(messages))

    heard = []
    with pytest.raises(RefusalError) as caught:
        asyncio.run(follow())
    assert (caught.value.key, heard, ended) == ("errors.out_of_minutes", ["first", "second"], [True])
