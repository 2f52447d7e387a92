"""The lanes of light questions, and who may ask how often."""

import asyncio
import threading
import time

import pytest
from advdemo.ui.lanes import Lane
from advdemo.ui.replies import BusyError, SupersededError, TooManyError
from advdemo.ui.visitors import Limits, Visitor, visitor_of
from starlette.requests import Request

from advdemo.ui import lanes, visitors


def test_a_lane_answers_and_raises():
    async def run():
        lane = Lane("lane", 2)
        assert await lane.run(Visitor("a"), "scan", lambda superseded: 5) == 5
        with pytest.raises(ZeroDivisionError):
            await lane.run(Visitor("a"), "scan", lambda superseded: 1 / 0)
        answers = await asyncio.gather(*(lane.run(Visitor("a"), "scan", lambda superseded, n=n: n) for n in range(50)))
        assert answers == list(range(50))

    asyncio.run(run())


def test_addresses_take_turns():
    async def run():
        lane, order = Lane("lane", 1), []
        hold = threading.Event()
        first = asyncio.ensure_future(lane.run(Visitor("a"), "scan", lambda superseded: hold.wait(5)))
        await asyncio.sleep(0)
        crowd = [lane.run(Visitor("a"), "scan", lambda superseded: order.append("a")) for _ in range(20)]
        crowd = [asyncio.ensure_future(question) for question in crowd]
        await asyncio.sleep(0)
        other = asyncio.ensure_future(lane.run(Visitor("b"), "scan", lambda superseded: order.append("b")))
        await asyncio.sleep(0)
        hold.set()
        await asyncio.gather(first, other, *crowd)
        assert "b" in order[:2]

    asyncio.run(run())


def test_a_newer_question_of_the_page_ends_the_older():
    def until_superseded(superseded):
        end = time.perf_counter() + 5
        while not superseded():
            assert time.perf_counter() < end
            time.sleep(0.001)

    async def run():
        lane, page = Lane("lane", 1), Visitor("a", "page")
        older = asyncio.ensure_future(lane.run(page, "scan", until_superseded))
        await asyncio.sleep(0.05)
        skipped = asyncio.ensure_future(lane.run(page, "scan", lambda superseded: pytest.fail("nobody wants this")))
        await asyncio.sleep(0)
        assert await lane.run(page, "scan", lambda superseded: "newest") == "newest"
        for question in (older, skipped):
            with pytest.raises(SupersededError):
                await question

    asyncio.run(run())


def test_a_newer_question_of_another_kind_ends_nothing():
    async def run():
        lane, page = Lane("lane", 1), Visitor("a", "page")
        kinds = ("scan", "judge", "cell")
        answers = await asyncio.gather(*(lane.run(page, kind, lambda superseded, kind=kind: kind) for kind in kinds))
        assert tuple(answers) == kinds

    asyncio.run(run())


def test_who_leaves_stops_the_work():
    async def run():
        lane, stopped = Lane("lane", 1), threading.Event()

        def work(superseded):
            while not superseded():
                time.sleep(0.001)
            stopped.set()

        question = asyncio.ensure_future(lane.run(Visitor("a"), "scan", work))
        await asyncio.sleep(0.05)
        question.cancel()
        assert await asyncio.to_thread(stopped.wait, 5)

    asyncio.run(run())


def test_a_full_lane_says_so(monkeypatch):
    monkeypatch.setattr(lanes, "WAITING_EACH", 3)

    async def run():
        lane, hold = Lane("lane", 1), threading.Event()
        crowd = [
            asyncio.ensure_future(lane.run(Visitor("a"), "scan", lambda superseded: hold.wait(5))) for _ in range(4)
        ]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await lane.run(Visitor("a"), "scan", lambda superseded: None)
        other = asyncio.ensure_future(lane.run(Visitor("b"), "scan", lambda superseded: "b"))
        hold.set()
        assert await other == "b"
        await asyncio.gather(*crowd)

    asyncio.run(run())


def test_limits_count_pages_and_addresses(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(visitors.time, "monotonic", lambda: clock[0])
    limits, page = Limits(), Visitor("a", "page")
    for _ in range(30):
        limits.count(page)
    with pytest.raises(TooManyError):
        limits.count(page)
    limits.count(Visitor("a", "another page"))
    clock[0] = 0.2
    limits.count(page)
    limits.count(page)
    with pytest.raises(TooManyError):
        limits.count(page)
    for number in range(565):
        limits.count(Visitor("b", f"page {number}"))
    for _ in range(35):
        limits.count(Visitor("b"))
    with pytest.raises(TooManyError):
        limits.count(Visitor("b", "one more page"))
    limits.count(Visitor("c", "page"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody's proxy: not believed
        ("10.1.2.3", "8.8.8.8", "8.8.8.8"),
        ("10.1.2.3", "1.1.1.1, 8.8.8.8", "8.8.8.8"),  # the left one may be forged
        ("10.1.2.3", "8.8.8.8, 10.9.9.9", "8.8.8.8"),
        ("127.0.0.1", "nonsense", "nonsense"),
        ("10.1.2.3", "", "10.1.2.3"),
    ],
)
def test_the_address_of_a_visitor(monkeypatch, peer, forwarded, address):
    # These networks are for documentation: here they stand for public ones.
    monkeypatch.setattr(visitors, "is_private", lambda text: text.startswith(("10.", "127.")))
    headers = [(b"x-forwarded-for", forwarded.encode()), (b"x-advdemo-page", b"p" * 100)]
    visitor = visitor_of(Request({"type": "http", "client": (peer, 1), "headers": headers}))
    assert visitor == Visitor(address, "p" * 64)


def test_private_addresses():
    assert [visitors.is_private(text) for text in ("10.0.0.1", "::1", "8.8.8.8", "x")] == [True, True, False, False]


def test_visitors_of_long_ago_are_forgotten(monkeypatch):
    monkeypatch.setattr(visitors, "REMEMBERED", 5)
    limits, streams = Limits(), visitors.Streams()
    for number in range(50):
        limits.count(Visitor(f"address {number}", "page"))
        streams.open(f"session {number}")
    assert len(limits._buckets) <= 6
    assert len(streams._sessions) <= 5
    assert "session 49" in streams._sessions
