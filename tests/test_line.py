"""The line for heavy work: one at a time, every place told, addresses taking turns."""

import asyncio
import time
from contextlib import aclosing

import pytest
from advdemo.ui.line import Line
from advdemo.ui.replies import BusyError, SupersededError
from advdemo.ui.visitors import Visitor

from advdemo.ui import line as module


async def work(*messages):
    for message in messages:
        yield message


async def forever():
    while True:
        yield {"busy": True}


async def collect(messages):
    return [message async for message in messages]


def test_one_at_a_time_and_the_others_see_their_place():
    async def run():
        line = Line()
        places = [line.take_turns(Visitor(f"address-{n}"), work({"done": n}, {"done": n})) for n in range(4)]
        running, first, second, third = places
        assert await anext(running) == {"done": 0}
        assert await anext(first) == {"ahead": 1}
        assert await anext(second) == {"ahead": 2}
        assert await anext(third) == {"ahead": 3}
        await first.aclose()  # left the page
        assert await anext(second) == {"ahead": 1}
        assert await collect(running) == [{"done": 0}]
        assert await collect(second) == [{"done": 2}] * 2
        assert await collect(third) == [{"done": 3}] * 2

    asyncio.run(run())


def test_who_waits_holds_no_thread_and_is_told_at_once(monkeypatch):
    monkeypatch.setattr(module, "SECONDS_BETWEEN_LOOKS", 60)

    async def run():
        line = Line()
        running = line.take_turns(Visitor("runs"), forever())
        await anext(running)
        waiting = [line.take_turns(Visitor(f"waits-{n}"), work({})) for n in range(100)]
        for place, ticket in enumerate(waiting):
            assert await anext(ticket) == {"ahead": place + 1}
        results = [asyncio.ensure_future(collect(ticket)) for ticket in waiting]
        await asyncio.sleep(0.1)
        started = time.perf_counter()
        await running.aclose()
        for result in results:
            assert (await result)[-1] == {}
        assert time.perf_counter() - started < 5

    asyncio.run(run())


def test_addresses_take_turns():
    async def run():
        line, order, all_there = Line(), [], asyncio.Event()

        async def noted(name):
            order.append(name)
            await all_there.wait()
            yield {}

        def join(address, number):
            ticket = line.take_turns(Visitor(address), noted(f"{address}{number}"))
            return asyncio.ensure_future(collect(ticket))

        jobs = [join("a", number) for number in range(4)]
        await asyncio.sleep(0)
        jobs += [join("b", number) for number in range(2)]
        await asyncio.sleep(0)
        jobs.append(join("c", 0))
        await asyncio.sleep(0)
        all_there.set()
        await asyncio.gather(*jobs)
        assert order == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"]

    asyncio.run(run())


def test_a_page_has_one_place():
    async def run():
        line = Line()
        page = Visitor("address", "page")
        older = line.take_turns(page, forever())
        await anext(older)
        other = line.take_turns(Visitor("address", "another page"), work({"other": 1}))
        assert await anext(other) == {"ahead": 1}
        newer = line.take_turns(page, work({"newer": 1}))
        assert await anext(newer) == {"ahead": 2}
        with pytest.raises(SupersededError):
            await anext(older)
        assert await collect(other) == [{"other": 1}]
        assert await collect(newer) == [{"newer": 1}]

    asyncio.run(run())


def test_superseded_work_ends_at_once_and_before_the_newer_begins():
    async def run():
        line, page, events = Line(), Visitor("address", "page"), []

        async def endless(name):
            try:
                events.append(f"{name} begins")
                yield {}
                await asyncio.sleep(600)
            finally:
                events.append(f"{name} ends")

        tickets = []
        for name in "abc":
            tickets.append(asyncio.ensure_future(collect(line.take_turns(page, endless(name)))))
            await asyncio.sleep(0.05)
        assert events == ["a begins", "a ends", "b begins", "b ends", "c begins"]
        tickets[2].cancel()
        results = await asyncio.gather(*tickets, return_exceptions=True)
        assert [type(result) for result in results] == [SupersededError, SupersededError, asyncio.CancelledError]
        assert events[-1] == "c ends"

    asyncio.run(run())


def test_a_full_line_says_so(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)

    async def run():
        line = Line()
        tickets = [line.take_turns(Visitor("address"), forever()) for _ in range(3)]
        for ticket in tickets:
            await anext(ticket)
        with pytest.raises(BusyError):
            await anext(line.take_turns(Visitor("address"), work({})))

    asyncio.run(run())


def test_work_is_closed_when_its_visitor_leaves():
    async def run():
        closed = []

        async def heavy():
            try:
                while True:
                    yield {}
            finally:
                closed.append(True)

        line = Line()
        async with aclosing(line.take_turns(Visitor("address"), heavy())) as messages:
            await anext(messages)
        assert closed == [True]
        assert await collect(line.take_turns(Visitor("address"), work({"next": 1}))) == [{"next": 1}]

    asyncio.run(run())
