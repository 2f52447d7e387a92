"""Every request has a typed model: what it takes, and the words for what it does not."""

import pytest

from advdemo.ui import fields as f
from advdemo.ui import requests as r
from advdemo.ui.fields import Offered
from advdemo.ui.handlers import ASK, FOLLOW
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.words import texts

HERE = Offered(images=100, networks=("standard", "robust"), games=("shipped",), experiments=("noise",))


def refusal(kind, given):
    with pytest.raises(RefusalError) as caught:
        r.parse(kind, given, HERE)
    return caught.value


def test_a_request_comes_typed_with_its_defaults():
    request = r.parse(r.ScanRequest, {"index": 7, "sides": [{"network": "robust", "target": 3}]}, HERE)
    assert (request.index, request.label, request.sides[0].attack, request.sides[0].target) == (7, None, "fgsm", 3)
    swept = r.parse(r.SweepRequest, {"images": 100, "epsilons": "0.2 0, 0.1"}, HERE)
    assert (swept.epsilons, swept.network, swept.proof) == ((0.0, 0.1, 0.2), "standard", None)
    with pytest.raises(ValueError, match="frozen"):
        request.index = 8


@pytest.mark.parametrize("kind", sorted({row.request for row in (*ASK.values(), *FOLLOW.values())}, key=str))
def test_unknown_keys_are_refused_by_name(kind):
    told = refusal(kind, {"indx": 7})
    assert (told.key, told.values["name"]) == ("errors.unknown_key", "indx")
    assert set(told.values["names"].split(", ")) == set(kind.model_fields)


@pytest.mark.parametrize("kind", sorted({row.request for row in (*ASK.values(), *FOLLOW.values())}, key=str))
def test_every_field_has_words_for_what_it_refuses(kind):
    for name in kind.model_fields:
        for odd in (object(), [[]], {"x": {}}, float("nan"), True, "\ud800"):
            try:
                r.parse(kind, {name: odd}, HERE)
            except RefusalError as told:
                section, key = told.key.split(".")
                assert key in texts("en")[section], (name, odd)


@pytest.mark.parametrize(
    ("kind", "given", "key", "values"),
    [
        (r.ScanRequest, {}, "errors.not_one_digit", {}),
        (r.ScanRequest, {"index": 7, "pixels": "A" * 1044}, "share.bad_pixels", {}),
        (r.ScanRequest, {"index": 100}, "errors.bad_index", {"index": "100", "last": 99}),
        (r.ScanRequest, {"index": True}, "errors.bad_index", {"index": "True", "last": 99}),
        (r.ScanRequest, {"index": 7.0}, "errors.bad_index", {"index": "7.0", "last": 99}),
        (r.ScanRequest, {"index": "7"}, "errors.bad_index", {"index": "7", "last": 99}),
        (r.ScanRequest, {"index": 7, "sides": [{"network": "mine"}]}, "errors.unknown_network", {}),
        (r.ScanRequest, {"index": 7, "sides": [{"attack": "square"}]}, "api.not_scannable", {"attack": "square"}),
        (r.ScanRequest, {"index": 7, "sides": [{"attack": "noise", "target": 1}]}, "api.cannot_aim", {}),
        (r.ScanRequest, {"index": 7, "sides": [{"x": 1}]}, "errors.unknown_key", {"name": "x"}),
        (r.SweepRequest, {"images": 101, "epsilons": "0"}, "errors.bad_count", {"count": "101", "total": 100}),
        (r.CellRequest, {"images": 1, "epsilon": "nan"}, "errors.bad_epsilon", {"epsilon": "nan"}),
        (r.CellRequest, {"images": 1, "epsilon": "0.1"}, "errors.bad_class", {"digit": "None"}),
        (r.GameRequest, {"start": "halfway"}, "errors.bad_start", {"start": "halfway"}),
        (r.GameRequest, {"start": "nothing", "settings": {"pace": 101}}, "errors.bad_pace", {"pace": "101"}),
        (r.ExperimentRequest, {"name": "network"}, "experiments.unknown", {"names": "noise"}),
        (r.JudgeRequest, {"weights": "A" * 1_400_000}, "errors.model_too_large", {}),
        (r.JudgeRequest, {"weights": "?"}, "errors.model_damaged", {}),
        (r.PredictCall, {"index": 1, "image": [[0.0] * 28] * 28}, "api.image_or_index", {}),
        (r.AttackCall, {"index": 1, "epsilon": 2}, "errors.bad_epsilon", {"epsilon": "2"}),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_with_its_value(kind, given, key, values):
    told = refusal(kind, given)
    assert told.key == key
    assert told.values.items() >= values.items()
    assert "{" not in str(told)


def test_the_epochs_depend_on_the_recipe(monkeypatch):
    monkeypatch.setenv("ADVDEMO_MAX_EPOCHS", "10")
    given = {"recipe": "default", "epochs": 10, "learning_rate": 0.1, "seed": 0}
    assert r.parse(r.TrainRequest, given, HERE).picked().epochs == 10
    assert refusal(r.TrainRequest, given | {"recipe": "robust"}).values == {"epochs": "10", "most": 2}


def test_the_largest_place_is_the_edge():
    order = {"digit": 1, "seed": 0, "place": [f.EDGE, -f.EDGE]}
    assert r.parse(r.PlaneRequest, {"generated": order}, HERE).generated.place == (f.EDGE, -f.EDGE)
    assert refusal(r.PlaneRequest, {"generated": order | {"place": [f.EDGE + 1, 0]}}).key == "errors.bad_place"
