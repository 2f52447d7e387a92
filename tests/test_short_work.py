"""Short requests end between their steps: when their visitor has left, and when their time is over."""

import asyncio
import base64
import threading
import time
from dataclasses import replace

import pytest
import torch

from advdemo.networks.checkpoint import pack_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.ui.api import replies
from advdemo.ui.handlers import ASK, FOLLOW
from advdemo.ui.handlers.train import judge
from advdemo.ui.requests import AttackCall, JudgeRequest, PredictCall, ScanCall, parse
from advdemo.ui.server.errors import RefusalError, SupersededError
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service.networks import pack
from advdemo.ui.work.threads import Threads

STEPS = 3  # after which the visitor leaves
PGD = {"index": 7, "sides": [{"attack": "pgd"}]}
ROBUST = {"index": 0, "sides": [{"network": "robust"}]}
ENDED = {  # by route, what takes more steps than that
    "scan": PGD,
    "prove": ROBUST,
    "narrow": ROBUST,
    "blackbox": ROBUST | {"answers": "label", "epsilon": 0.05},
    "pixels": ROBUST,
    "fool": {"generated": {"digit": 3, "seed": 1}, "network": "robust"},
    "cell": {"images": 1000, "epsilon": 0.1, "attack": "square", "truth": 7, "predicted": 9},
    "judge": {},
}
WHOLE = {"photo", "latents", "steer"}  # one step, of a second at most
SHARED = {"experiment", "mistake"}  # each measured once, for all visitors
CALLS = {
    "attack": (replies.attack_digit, AttackCall, {"index": 7, "attack": "rays", "network": "robust"}),
    "scan": (replies.scan_epsilons, ScanCall, {"index": 7, "attack": "pgd"}),
    "certify": (replies.certify_digit, PredictCall, {"index": 0, "network": "robust"}),
}


class Leaving:
    """In place of Threads: its visitor leaves after STEPS."""

    async def run(self, visitor, kind, work):
        checks = iter(range(STEPS))

        def check():
            if next(checks, None) is None:
                raise SupersededError("errors.superseded")

        return work(check)


@pytest.fixture
def left(service):
    return replace(service, quick=Leaving(), slow=Leaving(), proofs=Leaving())


def test_of_every_route_it_is_known_whether_it_ends_early():
    assert ASK.keys() == ENDED.keys() | WHOLE | SHARED


@pytest.mark.parametrize("name", ENDED)
def test_a_request_ends_when_its_visitor_has_left(left, lenet, name):
    given = ENDED[name] or {"weights": base64.b64encode(pack(lenet)).decode()}
    request = parse(ASK[name].request, given, left.offered)
    with pytest.raises(SupersededError):
        asyncio.run(ASK[name].handle(left, Visitor("a"), request))


@pytest.mark.parametrize("name", CALLS)
def test_a_program_s_call_ends_when_it_has_left(left, name):
    handle, kind, given = CALLS[name]
    with pytest.raises(SupersededError):
        asyncio.run(handle(left, Visitor("a"), parse(kind, given, left.offered)))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("sweep", {"images": 1, "epsilons": "0.1", "network": "0" * 64}),
        ("transfer", {"images": 1, "epsilon": 0.1, "networks": ["0" * 64]}),
    ],
)
def test_a_visitor_s_network_is_read_in_a_thread(service, monkeypatch, name, given):
    def note(name, weights):
        raise RuntimeError(threading.current_thread().name)

    monkeypatch.setattr(service.networks, "pick", note)
    request = parse(FOLLOW[name].request, given, service.offered)
    with pytest.raises(RuntimeError, match="quick"):
        asyncio.run(anext(FOLLOW[name].handle(service, Visitor("a"), request)))


def test_it_has_so_many_seconds_of_the_processor_and_waiting_costs_nothing():
    def busy(check):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            check()

    def patient(check):
        time.sleep(0.2)
        check()
        return "done"

    async def run():
        threads = Threads("test", 1, 0.1)
        assert await threads.run(Visitor("a"), "scan", patient) == "done"
        with pytest.raises(RefusalError) as refused:
            await threads.run(Visitor("a"), "scan", busy)
        assert refused.value.key == "errors.out_of_time"
        assert await threads.run(Visitor("a"), "scan", patient) == "done"

    asyncio.run(run())


def halved() -> float:
    """Half of the smallest number that a float32 holds in full: 0 where such numbers are flushed."""
    smallest = torch.tensor(torch.finfo(torch.float32).tiny)
    return float(smallest / 2 * 2**20)


def test_numbers_that_take_forty_times_as_long_are_zero_for_visitors_alone():
    async def run():
        return await Threads("test", 1).run(Visitor("a"), "scan", lambda check: halved())

    assert asyncio.run(run()) == 0
    assert halved() > 0


def test_weights_that_would_all_be_zero_are_refused_by_name(service):
    weights = {
        name: value * 1e-38 if name == "fc.2.bias" else value for name, value in FastLeNet().state_dict().items()
    }
    request = parse(JudgeRequest, {"weights": base64.b64encode(pack_checkpoint(weights, {})).decode()}, service.offered)
    with pytest.raises(RefusalError) as refused:
        asyncio.run(judge(service, Visitor("a"), request))
    assert (refused.value.key, refused.value.values) == ("errors.model_tiny", {"layer": "fc.2.bias"})
