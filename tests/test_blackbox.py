"""The black box of the page: /ask/blackbox."""

import numpy as np
import pytest
import torch

from advdemo.networks.predict import classify
from advdemo.ui.handlers.blackbox import BOXES, MOST_FRAMES, search
from advdemo.ui.requests import BlackBoxRequest, parse

THREE = {"index": 63, "sides": [{"network": "standard"}]}


def searched(service, answers, epsilon, side=None, index=63, check=lambda: None):
    given = {"index": index, "sides": [side or {}], "answers": answers, "epsilon": epsilon}
    return search(service, parse(BlackBoxRequest, given, service.offered), check)


def as_images(frames):
    return torch.from_numpy(frames.copy()).view(-1, 1, 28, 28) / 255


@pytest.mark.parametrize("answers", BOXES)
def test_the_film_ends_with_a_picture_that_fools_within_epsilon(service, lenet, mnist_test, answers):
    film = searched(service, answers, 0.16)
    assert film["fooled"]
    assert 1 < film["asked"] == film["at"][-1] < film["most"]
    first, last = as_images(film["frames"])[[0, -1]]
    assert torch.equal(first, (mnist_test[0][63] * 255).round() / 255)
    assert (last - first).abs().max() <= 0.16 + 1 / 255
    assert film["reads"][0] == 3 != film["reads"][-1]
    if answers == "scores":  # the other one's pictures lie on the border, where whole greys may be read otherwise
        assert np.array_equal(film["reads"], classify(lenet, as_images(film["frames"])).numpy())
    else:
        assert 3 not in film["reads"][1:]
    assert (np.diff(film["at"]) > 0).all()
    assert (np.diff(film["course"]) <= 0).all()  # never worse than before
    assert len(film["frames"]) == len(film["at"]) == len(film["reads"]) == len(film["course"]) <= MOST_FRAMES


def test_queries_run_out_where_nothing_can_be_found(service):
    film = searched(service, "scores", 0.05, {"network": "robust"})
    assert (film["fooled"], film["asked"], film["at"][-1]) == (False, film["most"], film["most"])
    assert film["course"][-1] > 0


def test_a_digit_that_is_misread_already_takes_one_query(service, lenet, mnist_test):
    images, labels = mnist_test
    wrong = int((classify(lenet, images[:2000]) != labels[:2000]).nonzero()[0, 0])
    for answers in BOXES:
        film = searched(service, answers, 0.1, index=wrong)
        assert (film["fooled"], film["asked"], len(film["frames"])) == (True, 1, 1)


def test_scores_can_be_aimed(service):
    film = searched(service, "scores", 0.35, {"target": 8})
    assert film["fooled"]
    assert film["reads"][-1] == 8


def test_who_moves_on_ends_the_search_at_the_next_query(service):
    checks = iter(range(3))
    with pytest.raises(StopIteration):
        searched(service, "label", 0.05, {"network": "robust"}, check=lambda: next(checks))


def test_over_http(visitor):
    ask = visitor().ask
    status, film = ask("blackbox", THREE | {"answers": "label", "epsilon": "0.3"})
    assert (status, film["fooled"]) == (200, True)
    assert film["frames"].shape == (len(film["at"]), 28, 28)
    for change, key in [
        ({"answers": "everything"}, "unknown_box"),
        ({"answers": ["scores"]}, "unknown_box"),
        ({"epsilon": "2"}, "bad_epsilon"),
        ({"epsilon": None}, "bad_epsilon"),
        ({"epsilon": "0.1, 0.2"}, "bad_epsilon"),
        ({"sides": 3}, "one_or_two_attacks"),
        ({"answers": "label", "sides": [{"target": 5}]}, "box_cannot_aim"),
        ({"index": "x"}, "bad_index"),
    ]:
        status, error = ask("blackbox", THREE | {"answers": "scores", "epsilon": "0.3"} | change)
        assert (status, error["key"]) == (400, f"errors.{key}"), change
