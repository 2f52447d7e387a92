"""The GAN's game, as the GAN tab plays it."""

import base64
import itertools

import numpy as np
import pytest
import torch

from advdemo.measures.variety import variety
from advdemo.networks.checkpoint import parse_checkpoint
from advdemo.networks.predict import classify
from advdemo.ui.handlers.game import SHIPPED_RATE, start_of
from advdemo.ui.jobs.game import GIANT, GREED, LIVE, REAL_SHOWN, SHOWN, Start, View, play, recipe_under
from advdemo.ui.requests import GameRequest, GameSettings, OfPair, SteerRequest, parse
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.service.networks import pack
from advdemo.ui.service.pairs import Pair, Pairs
from advdemo.ui.work import mail
from tests.conftest import CHECKPOINT

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def judge():
    return CHECKPOINT.read_bytes()


def files_of(pair):
    return pack(pair.generator), pack(pair.discriminator)


def played(judge, start, settings=GameSettings(), *, steps=3, seed=0):  # noqa: B008 (frozen)
    """(updates, the pair at the end) of a short game."""
    *updates, last = play(start, settings, seed, steps, 1.0, judge)
    # Where it is slow there are copies between the updates.
    return [message["update"] for message in updates if "update" in message], last["pair"]


def weights(text):
    return parse_checkpoint(base64.b64decode(text), "it")[0].state_dict()


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one if "running" not in name and "num_" not in name)


@pytest.mark.parametrize("who", ["both", "generator", "discriminator"])
def test_who_learns_changes_only_whose_weights(judge, pairs, who):
    files = files_of(pairs.shipped["halfway"])
    _, end = played(judge, Start(files, 100), GameSettings(who=who))
    # Written and read once more: what is stored in half precision is rounded.
    before = [weights(base64.b64encode(content).decode()) for content in files]
    _, unmoved = played(judge, Start(files, 100), GameSettings(paused=True))
    assert all(
        same(one, weights(unmoved[kind])) for one, kind in zip(before, ("generator", "discriminator"), strict=True)
    )
    assert same(weights(unmoved["generator"]), weights(end["generator"])) == (who == "discriminator")
    assert same(weights(unmoved["discriminator"]), weights(end["discriminator"])) == (who == "generator")
    assert (unmoved["steps"], end["steps"]) == (100, 103)


def test_the_same_seed_plays_the_same_game(judge):
    one, again, other = (played(judge, Start(None), seed=seed)[1] for seed in (3, 3, 4))
    assert one == again
    assert one["hash"] != other["hash"]


def test_a_view_shows_what_it_says(judge, pairs, mnist_test):
    pair = pairs.shipped["shipped"]
    updates, _ = played(judge, Start(files_of(pair)), steps=1)
    first = updates[0]
    forgeries = np.frombuffer(base64.b64decode(first["forgeries"]), np.uint8).reshape(SHOWN, 1, 28, 28)
    images = torch.from_numpy(forgeries.astype(np.float32)) / 255
    digits = torch.arange(SHOWN) % 10
    opinions = pair.discriminator(images, digits).sigmoid()
    assert torch.allclose(torch.tensor(first["opinions"]), opinions, atol=0.02)
    assert len(first["real_opinions"]) == REAL_SHOWN
    read = (classify(parse_checkpoint(judge, "judge")[0], images) == digits).float().mean()
    assert first["read"] == pytest.approx(float(read), abs=0.1)  # of a hundred, thirty of which are shown
    assert first["read"] > 0.95
    assert 0.85 < first["variety"] < 1.1
    assert first["real"] == pytest.approx(np.mean(first["real_opinions"]))
    assert first["fake"] == pytest.approx(np.mean(first["opinions"]))
    assert updates[-1]["steps"] == 1


def test_every_view_is_of_the_same_latents(lenet, pairs):
    """What changes from one to the next is what the forger has learnt."""
    pair, view = pairs.shipped["halfway"], View(lenet, CPU)
    shown = [each.of(pair.generator, pair.discriminator)["forgeries"] for each in (view, view, View(lenet, CPU))]
    assert len(set(shown)) == 1


def test_a_game_is_steered_and_paused_while_it_runs(judge):
    game = play(Start(None), GameSettings(pace=50.0), 0, 10**6, 1.0, judge)
    assert [next(game), next(game)] == [{"doing": "images"}, {"doing": "forgeries"}]  # before the first can be seen
    seen = [next(game)["update"], next(game)["update"]]
    mail.BOX.put(GameSettings(who="discriminator", pace=50.0))
    mail.BOX.put(GameSettings(paused=True))  # the newest counts
    messages = list(itertools.islice(game, 10))
    assert [list(message) for message in messages] == [["update"], ["pair"]]
    assert messages[-1]["pair"]["steps"] == seen[-1]["steps"] == 1


def test_a_slow_pace_waits_no_longer_than_the_game_lasts(judge, monkeypatch):
    waits = []
    monkeypatch.setattr("advdemo.ui.jobs.game.mail.wait", lambda seconds: waits.append(seconds))
    *_, last = play(Start(None), GameSettings(pace=1e-6), 0, 3, 0.5, judge)
    assert "pair" in last
    assert 0 < max(waits) <= 30


def test_a_game_ends_with_its_time(judge):
    messages = list(play(Start(None), GameSettings(), 0, 10**6, 0.0, judge))
    assert [list(message) for message in messages] == [["doing"], ["doing"], ["update"], ["update"], ["pair"]]


def test_a_pair_that_was_put_down_is_taken_up(judge):
    _, first = played(judge, Start(None), steps=5)
    files = tuple(base64.b64decode(first[kind]) for kind in ("generator", "discriminator"))
    updates, second = played(judge, Start(files, 5), GameSettings(paused=True))
    assert updates[0]["steps"] == 5
    assert {**second, "learning_rate": None} == {**first, "learning_rate": None}


def test_the_switches_change_how_the_pair_learns():
    assert recipe_under(GameSettings(), 0.001) == recipe_under(GameSettings(who="generator"), 0.001)
    assert recipe_under(GameSettings(greedy=True), 0.001).forger_steps == GREED
    assert recipe_under(GameSettings(giant=True), 0.001).learning_rate == pytest.approx(GIANT * 0.001)


@pytest.mark.slow
def test_a_greedy_forger_loses_its_variety(judge):
    def end(settings, steps):
        updates, _ = played(judge, Start(None), settings, steps=steps)
        return updates[-1]

    greedy, fair = end(GameSettings(greedy=True), 9), end(GameSettings(), 12)
    assert greedy["variety"] < 0.5
    assert abs(greedy["fake"] - 0.5) < 0.2
    assert abs(fair["fake"] - 0.5) > 0.2  # so early


def test_variety_of_hand_made_images():
    digits = torch.tensor([0, 0, 0, 1, 1, 1])
    real = torch.zeros(6, 1, 28, 28)
    real[[1, 4], 0, 0, 0] = 1.0
    real[[2, 5], 0, 0, 1] = 1.0
    assert variety(real, real, digits, digits) == pytest.approx(1)
    assert variety(real / 2, real, digits, digits) == pytest.approx(0.5)
    assert variety(torch.ones_like(real), real, digits, digits) == 0
    half = real.clone()
    half[digits == 1] = 0.0
    assert variety(half, real, digits, digits) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="two images"):
        variety(real[:4], real, digits[:4], digits)


def start(service, given):
    return start_of(service, parse(GameRequest, given, service.offered))


def test_where_a_game_can_start(service, pairs, judge):
    assert start(service, {"start": "nothing"}) == Start(None)
    assert start(service, {"start": "halfway"}).steps == pairs.shipped["halfway"].steps > 0
    assert start(service, {"start": "shipped"}).learning_rate == SHIPPED_RATE
    _, pair = played(judge, Start(None), steps=2)
    files = {kind: pair[kind] for kind in ("generator", "discriminator")}
    own = start(service, {"start": "own", "pair": files})
    assert (own.steps, own.learning_rate) == (2, LIVE.learning_rate)
    picked = pairs.pick(OfPair(forger=pair["hash"]))
    assert isinstance(picked, Pair)
    assert same(picked.generator.state_dict(), weights(pair["generator"]))


def test_a_pair_of_other_networks_is_no_start(service):
    files = dict.fromkeys(("generator", "discriminator"), base64.b64encode(CHECKPOINT.read_bytes()).decode())
    with pytest.raises(RefusalError) as refusal:
        start(service, {"start": "own", "pair": files})
    assert refusal.value.key == "errors.bad_pair"


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ({}, "errors.bad_start"),
        ({"start": "the end"}, "errors.bad_start"),
        ({"start": "own"}, "errors.bad_pair"),
        ({"start": "own", "pair": {"generator": "AAAA", "discriminator": "AAAA"}}, "errors.bad_pair"),
        ({"start": "own", "pair": {"generator": "A" * 1_000_001, "discriminator": ""}}, "errors.bad_pair"),
    ],
)
def test_odd_starts_are_refused(service, question, key):
    with pytest.raises(RefusalError) as refusal:
        start(service, question)
    assert refusal.value.key == key


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (None, "errors.bad_settings"),
        ({"speed": 3}, "errors.unknown_key"),
        ({"greedy": 1}, "errors.bad_settings"),
        ({"who": "nobody"}, "errors.bad_learner"),
        ({"who": ["both"]}, "errors.bad_learner"),
        ({"pace": -1}, "errors.bad_pace"),
        ({"pace": True}, "errors.bad_pace"),
        ({"pace": 1e9}, "errors.bad_pace"),
    ],
)
def test_odd_settings_are_refused(service, settings, key):
    with pytest.raises(RefusalError) as refusal:
        parse(SteerRequest, {"settings": settings}, service.offered)
    assert refusal.value.key == key


def test_a_forgotten_forger_is_asked_for():
    with pytest.raises(RefusalError, match="no longer"):
        Pairs({}).pick(OfPair(forger="0" * 64))
    with pytest.raises(RefusalError, match="no generator"):
        Pairs({}).pick(OfPair())
