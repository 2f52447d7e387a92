"""Visitors who share the server: limits, turns, places in queues, and what ends with whoever leaves."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

SWEEP = {"images": 10_000, "epsilons": "0, 0.1, 0.2", "attack": "fgsm"}


def test_a_visitor_who_asks_too_often_is_told(visitor):
    eager = visitor(page="eager", address="8.8.4.4")
    statuses = [eager.ask("scan", {})[0] for _ in range(100)]
    assert set(statuses) == {400, 429}
    other = visitor(page="other", address="8.8.4.4")
    assert other.ask("scan", {})[0] == 400


def test_a_newer_scan_ends_the_older(visitor):
    older, newer = (visitor(page="the same") for _ in range(2))
    answers = []
    slow = {"index": 7, "sides": [{"attack": "pgd"}, {"attack": "pgd", "target": 3}]}
    thread = threading.Thread(target=lambda: answers.append(older.ask("scan", slow)))
    thread.start()
    time.sleep(0.15)
    assert newer.ask("scan", slow)[0] == 200
    thread.join()
    assert (answers[0][0], answers[0][1]["key"]) == (409, "errors.superseded")


def test_one_lesson_does_not_end_another(visitor):
    names = ("attack", "blind")
    askers = [visitor(page="the same") for _ in names]
    with ThreadPoolExecutor() as pool:
        replies = pool.map(lambda asker, name: asker.ask("experiment", {"name": name}), askers, names)
        assert [status for status, _ in replies] == [200, 200]


def test_who_leaves_ends_their_work(visitor):
    """Searches of a minute in the slow threads: what comes after them does not wait for their end."""
    slow = {"index": 7, "sides": [{"attack": "pgd"}, {"attack": "pgd", "target": 3}]}
    leaving = [visitor(page=f"leaves {number}", address="6.6.6.6") for number in range(40)]
    for asker in leaving:
        asker.connection.request("POST", "/ask/scan", json.dumps(slow), asker.headers)
    time.sleep(0.5)
    for asker in leaving:
        asker.close()
    started = time.perf_counter()
    assert visitor(page="stays", address="6.6.6.6").ask("scan", slow)[0] == 200
    together = time.perf_counter() - started
    started = time.perf_counter()
    assert visitor(page="stays", address="6.6.6.6").ask("scan", slow)[0] == 200
    assert together < 10 * (time.perf_counter() - started)


def test_an_address_that_no_trusted_proxy_wrote_is_not_believed(visitor):
    """What nginx, here at 127.0.0.1, sends on for a client of its own network that invents an address each time."""
    asker, statuses = visitor(page="inventive"), []
    for number in range(100):
        asker.headers["x-forwarded-for"] = f"8.8.4.{number}, 192.168.1.5"
        statuses.append(asker.ask("steer", {"settings": {}})[0])
    assert set(statuses) == {200, 429}


def test_pgd_of_one_visitor_leaves_the_others_quick(visitor):
    pgd = {"index": 7, "sides": [{"attack": "pgd"}]}
    crowd = [visitor(page=f"crowd {number}", address="9.9.9.9") for number in range(10)]
    threads = [threading.Thread(target=asker.ask, args=("scan", pgd)) for asker in crowd]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    # Another address waits for those under way, not for all.
    other = visitor(page="other", address="7.7.7.7")
    started = time.perf_counter()
    assert other.ask("scan", pgd)[0] == 200
    waited = time.perf_counter() - started
    assert any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()
    assert waited < (time.perf_counter() - started) / 2


def test_a_sweep_streams_and_its_visitors_see_their_place(visitor):
    first, second = (visitor(page=name, address=name) for name in ("first", "second"))
    messages = first.follow("sweep", SWEEP)
    next(messages)
    waiting = second.follow("sweep", SWEEP | {"images": 500})
    assert next(waiting) == {"ahead": 1}
    *_, last = messages
    assert last["result"]["done"] == 10_000
    *_, last = waiting
    assert last["result"]["done"] == 500


def test_who_leaves_makes_room_at_once(visitor):
    first, second = (visitor(page=name, address=name) for name in ("leaves", "stays"))
    slow = {"images": 1000, "epsilons": "0.1, 0.2, 0.3", "attack": "pgd"}
    messages = first.follow("sweep", slow)
    next(messages)
    waiting = second.follow("sweep", SWEEP | {"images": 500})
    assert next(waiting) == {"ahead": 1}
    first.close()
    started = time.perf_counter()
    assert "result" in next(message for message in waiting if "ahead" not in message)
    assert time.perf_counter() - started < 15  # a fresh process, at worst


@pytest.mark.slow
def test_one_address_cannot_fill_the_queue_for_the_others(visitor):
    training = {"recipe": "quick", "epochs": 60, "learning_rate": 0.1, "seed": 0}
    greedy = [visitor(page="", address="6.6.6.6") for _ in range(102)]  # a program: its requests do not end one another
    statuses = [asker.post("/follow/train", training).status for asker in greedy]
    assert statuses == [200] * 101 + [503]  # one at work, a hundred that wait
    modest = [visitor(page="", address=f"7.7.7.{number}") for number in range(3)]
    places = [next(asker.follow("train", training)) for asker in modest]
    assert places == [{"ahead": 1}, {"ahead": 2}, {"ahead": 3}]  # the others take turns, whoever came first
    for asker in greedy[98:101]:  # the newest have given up their places
        *_, last = asker.response.read().splitlines()
        assert json.loads(last)["error"]["key"] == "errors.line_full"


def test_nobody_listens_so_nothing_is_begun(asker):
    for _ in range(3):
        call = {"data": [10_000, "0, 0.1, 0.2, 0.3", "fgsm", "standard"]}
        assert asker.post("/gradio_api/call/sweep", call).read()
    assert "result" in next(asker.follow("sweep", SWEEP | {"images": 500}))
