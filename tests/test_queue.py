"""The fair queue: so many at a time, every place told, addresses taking turns, the greedy give way."""

import asyncio
import gc
import time
from contextlib import aclosing

import pytest

from advdemo.ui.server.errors import BusyError, SupersededError
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.work import queue as module
from advdemo.ui.work.queue import FairQueue


def queue_of(places, most=100):
    return FairQueue(places, most, full="errors.line_full")


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
        queue = queue_of(1)
        places = [queue.follow(Visitor(f"address-{n}"), work({"done": n}, {"done": n})) for n in range(4)]
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
        queue = queue_of(1)
        running = queue.follow(Visitor("runs"), forever())
        await anext(running)
        waiting = [queue.follow(Visitor(f"waits-{n}"), work({})) for n in range(100)]
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


def test_addresses_follow():
    async def run():
        queue, order, all_there = queue_of(1), [], asyncio.Event()

        async def noted(name):
            order.append(name)
            await all_there.wait()
            yield {}

        def join(address, number):
            ticket = queue.follow(Visitor(address), noted(f"{address}{number}"))
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
        queue = queue_of(1)
        page = Visitor("address", "page")
        older = queue.follow(page, forever())
        await anext(older)
        other = queue.follow(Visitor("address", "another page"), work({"other": 1}))
        assert await anext(other) == {"ahead": 1}
        newer = queue.follow(page, work({"newer": 1}))
        assert await anext(newer) == {"ahead": 2}
        with pytest.raises(SupersededError):
            await anext(older)
        assert await collect(other) == [{"other": 1}]
        assert await collect(newer) == [{"newer": 1}]

    asyncio.run(run())


def test_superseded_work_ends_at_once_and_before_the_newer_begins():
    async def run():
        queue, page, events = queue_of(1), Visitor("address", "page"), []

        async def endless(name):
            try:
                events.append(f"{name} begins")
                yield {}
                await asyncio.sleep(600)
            finally:
                events.append(f"{name} ends")

        tickets = []
        for name in "abc":
            tickets.append(asyncio.ensure_future(collect(queue.follow(page, endless(name)))))
            await asyncio.sleep(0.05)
        assert events == ["a begins", "a ends", "b begins", "b ends", "c begins"]
        tickets[2].cancel()
        results = await asyncio.gather(*tickets, return_exceptions=True)
        assert [type(result) for result in results] == [SupersededError, SupersededError, asyncio.CancelledError]
        assert events[-1] == "c ends"

    asyncio.run(run())


def test_a_full_queue_says_so():
    async def run():
        queue = queue_of(1, most=2)
        tickets = [queue.follow(Visitor("address"), forever()) for _ in range(3)]
        for ticket in tickets:
            await anext(ticket)
        with pytest.raises(BusyError):
            await anext(queue.follow(Visitor("address"), work({})))

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

        queue = queue_of(1)
        async with aclosing(queue.follow(Visitor("address"), heavy())) as messages:
            await anext(messages)
        assert closed == [True]
        assert await collect(queue.follow(Visitor("address"), work({"next": 1}))) == [{"next": 1}]

    asyncio.run(run())


def test_in_a_full_queue_the_address_with_the_most_places_gives_up_its_newest():
    async def run():
        queue = queue_of(1, most=4)
        greedy = [queue.join(Visitor("greedy")) for _ in range(4)]  # the first is at work
        modest = queue.join(Visitor("modest"))
        late = queue.join(Visitor("late"))
        assert [ticket.ended() for ticket in greedy] == [False, False, False, True]
        assert not modest.ended()
        assert [queue.ahead(ticket) for ticket in (modest, late, greedy[1], greedy[2])] == [0, 1, 2, 3]
        with pytest.raises(BusyError):
            queue.join(Visitor("greedy"))
        with pytest.raises(BusyError):
            await greedy[3].unless_ended(asyncio.sleep(60))
        another = queue.join(Visitor("another"))
        assert greedy[2].ended()
        assert not another.ended()
        with pytest.raises(BusyError):  # one place each: nobody has too many
            queue.join(Visitor("one more"))

    asyncio.run(run())


def test_a_step_that_fails_as_its_ticket_ends_is_not_logged():
    async def run():
        logged = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: logged.append(context))
        ticket = queue_of(1).join(Visitor("address"))

        async def fail(ticket):
            ticket.end(SupersededError("errors.superseded"))
            raise TimeoutError

        with pytest.raises(SupersededError):
            await ticket.unless_ended(fail(ticket))
        del ticket  # which holds the reason, whose traceback holds the step
        await asyncio.sleep(0)
        gc.collect()
        assert logged == []

    asyncio.run(run())


def test_several_places_are_taken_at_once():
    async def run():
        queue = queue_of(2)
        tickets = [queue.join(Visitor(name)) for name in "abc"]
        assert [ticket.working for ticket in tickets] == [True, True, False]
        queue.leave(tickets[0])
        assert tickets[2].working

    asyncio.run(run())
