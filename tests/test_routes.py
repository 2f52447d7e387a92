"""The server's own routes, driven from outside, and what stands before Gradio's."""

import base64
import json
import threading
import time

import numpy as np
import pytest
from gradio_client import Client

from advdemo.measures.scan import scan
from advdemo.ui.server.replies import pack
from advdemo.ui.server.routes import MAX_BODY
from tests.asker import pixels_of, unpack
from tests.conftest import CHECKPOINT

SWEEP = {"images": 10_000, "epsilons": "0, 0.1, 0.2", "attack": "fgsm"}


def test_pack_lifts_arrays_wherever_they_are():
    reply = {"a": np.arange(3, dtype=np.uint8), "b": [{"c": np.array([[1.5, -2]], np.float32)}, None], "d": 5}
    unpacked = unpack(pack(reply))
    assert unpacked["a"].tolist() == [0, 1, 2]
    assert unpacked["b"][0]["c"].tolist() == [[1.5, -2]]
    assert (unpacked["b"][1], unpacked["d"]) == (None, 5)


def test_a_scan_past_the_queue(asker, lenet, mnist_test):
    status, reply = asker.ask("scan", {"index": 7})
    expected = scan(lenet, mnist_test[0][7], int(mnist_test[1][7]))
    (side,) = reply["sides"]
    assert (status, side["flip"]) == (200, expected.flip_epsilon)
    assert side["probabilities"].tobytes() == expected.probabilities.tobytes()
    assert side["sign"].tobytes() == expected.sign.tobytes()
    assert reply["image"].tobytes() == expected.images[0].tobytes()
    status, reply = asker.ask("scan", {"pixels": pixels_of(mnist_test[0][0]), "sides": [{"attack": "pgd"}] * 2})
    assert (status, reply["label"], reply["sides"][1]["frames"].shape) == (200, 7, (101, 28, 28))


def test_a_network_of_ones_own(asker):
    weights = base64.b64encode(CHECKPOINT.read_bytes()).decode()
    status, judged = asker.ask("judge", {"weights": weights})
    assert (status, np.sum(judged["judged"]["confusion"])) == (200, 10_000)
    name = judged["judged"]["hash"]
    assert asker.ask("scan", {"index": 7, "sides": [{"network": name}]})[0] == 200
    status, error = asker.ask("scan", {"index": 7, "sides": [{"network": "0" * 64}]})
    assert (status, error["key"]) == (400, "errors.unknown_model")
    status, error = asker.ask("scan", {"index": 7, "sides": [{"network": "foo"}]})
    assert (status, error["key"], error["values"]["network"]) == (400, "errors.unknown_network", "foo")


def test_a_plane_of_generated_digits(asker):
    order = {"digit": 3, "seed": 5, "place": [10, 0]}
    status, reply = asker.ask("latents", {"generated": order})
    assert status == 200
    frames = reply["frames"].reshape(15, 15, 28, 28)
    assert reply["realness"].shape == (225,)
    assert frames.nbytes < 200_000
    _, middle = asker.ask("scan", {"generated": order | {"place": [0, 0]}})
    _, right = asker.ask("scan", {"generated": order | {"place": [50, 0]}})
    assert np.abs(frames[7, 7].astype(int).ravel() - middle["image"].ravel()).max() <= 1
    assert np.abs(frames[7, 14].astype(int).ravel() - right["image"].ravel()).max() <= 1
    assert reply["realness"][7 * 15 + 14] == pytest.approx(right["realness"], abs=1e-3)


def test_a_search_for_a_digit_that_fools(asker):
    order = {"digit": 3, "seed": 5, "place": [20, -10]}
    status, reply = asker.ask("fool", {"generated": order, "network": "standard"})
    assert (status, reply["fooled"], reply["judge"]) == (200, True, "robust")
    assert reply["label"] != 3
    _, found = asker.ask("scan", {"generated": {"digit": 3, "seed": 5, "centre": reply["centre"]}})
    assert found["sides"][0]["probabilities"].reshape(-1, 10)[0].argmax() == reply["label"]
    film = reply["frames"].reshape(-1, 784)
    assert len(film) == len(reply["shares"].reshape(-1, 2))
    assert np.abs(film[-1].astype(int) - found["image"].ravel()).max() <= 1


def test_examples_of_a_cell(asker, mnist_test):
    status, reply = asker.ask("cell", {"images": 1000, "epsilon": 0.2, "truth": 4, "predicted": 9})
    assert status == 200
    assert all(mnist_test[1][example["index"]] == 4 for example in reply["found"])
    assert asker.ask("cell", {"images": 1000, "epsilon": 0.2})[1]["key"] == "errors.bad_class"
    assert asker.ask("cell", {"images": 1, "epsilon": 0.2, "truth": 4, "predicted": 9})[1]["found"] == []


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        (b"", 400, "not_json"),
        (b"[]", 400, "not_json"),
        (b'{"index": NaN}', 400, "not_json"),
        (b'{"index": 1e999}', 400, "not_json"),
        (b'{"index": 123456789012345678901234567890}', 400, "not_json"),
        (b'{"a": "\\ud800"}', 400, "not_json"),
        (b"\xff\xfe", 400, "not_json"),
        (b"[" * 200_000, 400, "not_json"),
        (b'{"index": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", 400, None),
        (b'{"index": 7, "x": "' + b"a" * MAX_BODY + b'"}', 413, "too_large"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_body_is_refused(visitor, body, status, key):
    asker = visitor()
    response = asker.post("/ask/scan", body)
    assert response.status == status
    error = json.loads(response.read())["error"]
    assert key is None or error["key"] == f"errors.{key}"


def test_pages_of_others_cannot_ask(asker):
    asker.headers["content-type"] = "text/plain"  # what a page elsewhere may send without asking first
    assert asker.ask("scan", {"index": 7})[1]["key"] == "errors.not_json"
    asker.headers |= {"content-type": "application/json", "origin": "https://elsewhere.example"}
    assert asker.post("/ask/scan", {"index": 7}).getheader("access-control-allow-origin") is None


def test_unknown_requests_are_refused(asker):
    assert asker.ask("bomb", {})[1]["key"] == "errors.not_found"
    assert [message["error"]["key"] for message in asker.follow("bomb", {})] == ["errors.not_found"]


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


def test_who_leaves_ends_their_work(visitor):
    """A search of a minute on the one slow thread: what comes after it does not wait for its end."""
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
    crowd = [visitor(page=f"crowd {number}", address="9.9.9.9") for number in range(6)]
    threads = [threading.Thread(target=asker.ask, args=("scan", pgd)) for asker in crowd]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    # Another address waits for the one under way and the one begun next, not for all.
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


def test_a_costly_sweep_is_refused_before_it_waits(asker):
    epsilons = ", ".join(str(step / 50) for step in range(51))
    (message,) = asker.follow("sweep", {"images": 10_000, "epsilons": epsilons, "attack": "pgd"})
    assert message["error"]["key"] == "errors.too_long"
    assert message["error"]["values"]["minutes"] > message["error"]["values"]["most"]


def test_bad_heavy_requests_are_refused(asker):
    for name, question, key in [
        ("sweep", {}, "bad_count"),
        ("sweep", {"images": 10**9, "epsilons": "0"}, "bad_count"),
        ("sweep", {"images": 100, "epsilons": [0]}, "epsilon_count"),
        ("sweep", {"images": 100, "epsilons": "x"}, "epsilon_text"),
        ("sweep", {"images": 100, "epsilons": "inf"}, "epsilon_range"),
        ("sweep", {"images": 100, "epsilons": "0", "attack": {}}, "unknown_attack"),
        ("sweep", {"images": 100, "epsilons": "0", "network": "0" * 64, "weights": "AAAA"}, "model_unfit"),
        ("sweep", {"images": 100, "epsilons": "0", "proof": "hope"}, "unknown_proof"),
        ("sweep", {"images": 100, "epsilons": "0", "proof": ["crown"]}, "unknown_proof"),
        ("transfer", {"images": 100, "epsilon": 0.1, "networks": []}, "bad_networks"),
        ("sweep", {"images": 100, "epsilons": "0", "model": "robust"}, "unknown_key"),
        ("train", {"recipe": "bomb"}, "unknown_recipe"),
        ("train", {"recipe": ["quick"]}, "unknown_recipe"),
        ("train", {"recipe": "quick", "epochs": 10**6}, "bad_epochs"),
        ("train", {"recipe": "quick", "epochs": 1, "learning_rate": "x", "seed": 0}, "bad_rate"),
        ("train", {"recipe": "quick", "epochs": 1, "learning_rate": 0.1, "seed": -1}, "bad_seed"),
    ]:
        (message,) = asker.follow(name, question)
        assert message["error"]["key"] == f"errors.{key}", question


JOIN = {"data": [None], "fn_index": 0, "session_hash": "a-session"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/gradio_api/queue/join", JOIN | {"session_hash": ""}),
        ("/gradio_api/queue/join", JOIN | {"session_hash": 7}),
        ("/gradio_api/queue/join", JOIN | {"session_hash": "a" * 100}),
        ("/gradio_api/queue/join", JOIN | {"fn_index": 10**6}),
        ("/gradio_api/queue/join", b'{"data": [NaN], "fn_index": 0, "session_hash": "a"}'),
        ("/gradio_api/run/scan", {"data": [None, 7]}),
        ("/gradio_api/api/scan", {"data": [None, 7]}),
        ("/gradio_api/upload", b"x"),
        ("/gradio_api/component_server", {"data": 1, "component_id": 1, "session_hash": "a", "fn_name": "x"}),
        ("/gradio_api/call/bomb", {"data": []}),
        ("/gradio_api/call/v2/bomb", {"data": []}),
        ("/login", b"username=a"),
        ("/gradio_api/queue/join", b'{"data": ["' + b"a" * MAX_BODY + b'"], "session_hash": "a"}'),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_closed_or_malformed_does_not_reach_gradio(visitor, path, body):
    asker = visitor()
    response = asker.post(path, body)
    assert 400 <= response.status < 500
    assert json.loads(response.read())["error"]["key"].startswith("errors.")  # Gradio's own have no key


UPLOAD = b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.png"\r\n\r\nstored?\r\n--x--\r\n'


def test_uploads_and_calls_past_the_queue_are_closed(asker):
    for path, body, kind in [
        ("/gradio_api/upload", UPLOAD, "multipart/form-data; boundary=x"),
        ("/gradio_api/run/scan", b'{"data": [null, 7]}', "application/json"),
        ("/gradio_api/process_recording", b"{}", "application/json"),
    ]:
        asker.headers["content-type"] = kind
        assert json.loads(asker.post(path, body).read())["error"]["key"] == "errors.bad_call"


def test_an_empty_session_does_not_end_the_queue(app_url, visitor):
    askers = [visitor(page="", address=f"8.1.1.{number}") for number in range(6)]
    for hostile in askers:
        hostile.post("/gradio_api/queue/join", JOIN | {"session_hash": ""}).read()
    assert Client(app_url, verbose=False, ssl_verify=False).predict(index=0, api_name="/scan")["label"] == 7


def test_nobody_listens_so_nothing_is_begun(asker):
    for _ in range(3):
        call = {"data": [10_000, "0, 0.1, 0.2, 0.3", "fgsm", "standard"]}
        assert asker.post("/gradio_api/call/sweep", call).read()
    assert "result" in next(asker.follow("sweep", SWEEP | {"images": 500}))
