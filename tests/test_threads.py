"""Fair thread pools, and how often a visitor may."""

import asyncio
import threading
import time
from contextlib import suppress

import pytest
import torch
from starlette.requests import Request
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from advdemo.ui.server import visitors
from advdemo.ui.server.errors import BusyError, SupersededError, TooManyError
from advdemo.ui.server.visitors import Limits, Visitor, visitor_of
from advdemo.ui.work.threads import Threads


def test_threads_answer_and_raise():
    async def run():
        threads = Threads("test", 2)
        assert await threads.run(Visitor("a"), "scan", lambda check: 5) == 5
        with pytest.raises(ZeroDivisionError):
            await threads.run(Visitor("a"), "scan", lambda check: 1 / 0)
        answers = await asyncio.gather(*(threads.run(Visitor("a"), "scan", lambda check, n=n: n) for n in range(50)))
        assert answers == list(range(50))

    asyncio.run(run())


def test_threads_compute_alone_and_leave_others_as_they_were():
    async def run():
        threads = Threads("test", 1)
        assert await threads.run(Visitor("a"), "scan", lambda superseded: torch.get_num_threads()) == 1
        assert await asyncio.to_thread(torch.get_num_threads) == 3

    torch.set_num_threads(3)
    try:
        asyncio.run(run())
    finally:
        torch.set_num_threads(1)


def test_addresses_take_turns():
    async def run():
        threads, order = Threads("test", 1), []
        hold = threading.Event()
        first = asyncio.ensure_future(threads.run(Visitor("a"), "scan", lambda check: hold.wait(5)))
        await asyncio.sleep(0)
        crowd = [threads.run(Visitor("a"), "scan", lambda check: order.append("a")) for _ in range(20)]
        crowd = [asyncio.ensure_future(question) for question in crowd]
        await asyncio.sleep(0)
        other = asyncio.ensure_future(threads.run(Visitor("b"), "scan", lambda check: order.append("b")))
        await asyncio.sleep(0)
        hold.set()
        await asyncio.gather(first, other, *crowd)
        assert "b" in order[:2]

    asyncio.run(run())


def test_a_newer_request_of_the_page_ends_the_older():
    def until_superseded(check):
        end = time.perf_counter() + 5
        while time.perf_counter() < end:
            check()
            time.sleep(0.001)

    async def run():
        threads, page = Threads("test", 1), Visitor("a", "page")
        older = asyncio.ensure_future(threads.run(page, "scan", until_superseded))
        await asyncio.sleep(0.05)
        skipped = asyncio.ensure_future(threads.run(page, "scan", lambda check: pytest.fail("nobody wants this")))
        await asyncio.sleep(0)
        assert await threads.run(page, "scan", lambda check: "newest") == "newest"
        for question in (older, skipped):
            with pytest.raises(SupersededError):
                await question

    asyncio.run(run())


def test_a_newer_request_of_another_kind_ends_nothing():
    async def run():
        threads, page = Threads("test", 1), Visitor("a", "page")
        kinds = ("scan", "judge", "cell")
        answers = await asyncio.gather(*(threads.run(page, kind, lambda check, kind=kind: kind) for kind in kinds))
        assert tuple(answers) == kinds

    asyncio.run(run())


def test_who_leaves_stops_the_work():
    async def run():
        threads, stopped = Threads("test", 1), threading.Event()

        def work(check):
            try:
                while True:
                    check()
                    time.sleep(0.001)
            finally:
                stopped.set()

        question = asyncio.ensure_future(threads.run(Visitor("a"), "scan", work))
        await asyncio.sleep(0.05)
        question.cancel()
        assert await asyncio.to_thread(stopped.wait, 5)

    asyncio.run(run())


def test_a_full_queue_says_so():
    async def run():
        threads, hold = Threads("test", 1, waiting=3), threading.Event()
        crowd = [asyncio.ensure_future(threads.run(Visitor("a"), "scan", lambda check: hold.wait(5))) for _ in range(4)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await threads.run(Visitor("a"), "scan", lambda check: None)
        other = asyncio.ensure_future(threads.run(Visitor("b"), "scan", lambda check: "b"))
        await asyncio.sleep(0)
        hold.set()
        assert await other == "b"
        *done, pushed_out = await asyncio.gather(*crowd, return_exceptions=True)
        assert done == [True] * 3
        assert isinstance(pushed_out, BusyError)

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


def test_who_asks_faster_than_allowed_still_gets_the_rate(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(visitors.time, "monotonic", lambda: clock[0])
    limits, admitted = Limits(), 0
    for number in range(1200):  # a minute at twice the rate
        clock[0] = number / 20
        with suppress(TooManyError):
            limits.count(Visitor("a", "page"))
            admitted += 1
    assert 30 + 10 * 59 <= admitted <= 30 + 10 * 60
    for _ in range(1000):  # what is refused is not counted against the address
        with suppress(TooManyError):
            limits.count(Visitor("a", "page"))
    for _ in range(590):
        limits.count(Visitor("a"))


def test_a_visitor_is_an_address_and_a_page():
    headers = [(b"x-forwarded-for", b"8.8.8.8"), (b"x-advdemo-page", b"p" * 100)]
    visitor = visitor_of(Request({"type": "http", "client": ("10.1.2.3", 1), "headers": headers}))
    assert visitor == Visitor("10.1.2.3", "p" * 64)  # whom to believe of proxies is uvicorn's to know


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::3", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("a" * 100, "a" * 64),
    ],
)
def test_all_addresses_of_an_ipv6_network_are_one(host, address):
    assert visitor_of(Request({"type": "http", "client": (host, 1), "headers": []})).address == address


def test_on_a_space_its_proxy_is_believed_and_nothing_left_of_what_it_adds(monkeypatch):
    monkeypatch.setenv(visitors.TRUSTED, "")  # for it to be taken away again
    monkeypatch.delenv(visitors.TRUSTED)
    visitors.trust_the_space_s_proxy()
    assert visitors.TRUSTED not in visitors.os.environ  # uvicorn's own default, 127.0.0.1
    monkeypatch.setenv("SPACE_ID", "someone/space")
    visitors.trust_the_space_s_proxy()
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["client"][0])

    async def ask(peer, forwarded):
        headers = [(b"x-forwarded-for", forwarded)]
        scope = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": headers}
        await ProxyHeadersMiddleware(app, visitors.os.environ[visitors.TRUSTED])(scope, None, None)

    asyncio.run(ask("10.20.30.40", b"1.2.3.4, 8.8.8.8"))
    asyncio.run(ask("8.8.4.4", b"1.2.3.4"))
    assert seen == ["8.8.8.8", "8.8.4.4"]
    monkeypatch.setenv(visitors.TRUSTED, "192.0.2.1")
    visitors.trust_the_space_s_proxy()
    assert visitors.os.environ[visitors.TRUSTED] == "192.0.2.1"


def test_visitors_of_long_ago_are_forgotten(monkeypatch):
    monkeypatch.setattr(visitors, "REMEMBERED", 5)
    limits, streams = Limits(), visitors.Streams()
    for number in range(50):
        limits.count(Visitor(f"address {number}", "page"))
        streams.open(f"session {number}")
    assert len(limits._buckets) == 5
    assert len(streams._sessions) == 5
    assert "session 49" in streams._sessions
