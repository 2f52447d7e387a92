"""The server's own routes, driven from outside: replies and refusals."""

import base64
import json

import numpy as np
import pytest

from advdemo.measures.scan import scan
from advdemo.ui.server.replies import pack
from advdemo.ui.server.routes import MAX_BODY
from tests.asker import pixels_of, unpack
from tests.conftest import CHECKPOINT


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
