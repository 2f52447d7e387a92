from itertools import islice

import pytest
import torch

from advdemo.attacks import RayS, make_settings, perturb, rays
from advdemo.attacks.rays import TOLERANCE, _blocks
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.predict import accuracy
from tests.bench.black_box import hop_skip_jump, ray_search
from tests.by_hand import ONE, WRONG_IMAGES, WRONG_LABELS, BlackBox, Blind, TwoPixels


class LabelsOnly(BlackBox):
    """A network that gives its answer and not how sure it is."""

    def forward(self, images):
        return torch.nn.functional.one_hot(super().forward(images).argmax(1), 10).float()


@pytest.fixture(scope="module")
def twenty(mnist_test):
    return mnist_test[0][:20], mnist_test[1][:20]


# By hand


def test_the_blocks_of_eight_pixels():
    blocks = [(block.start, block.stop) for block in islice(_blocks(8), 17)]
    assert blocks[:4] == [(0, 0), (0, 8), (0, 4), (4, 8)]
    assert blocks[4:8] == [(0, 2), (2, 4), (4, 6), (6, 8)]
    assert blocks[8:] == [*((pixel, pixel + 1) for pixel in range(8)), (0, 1)]


def test_finds_the_smallest_distance(image):
    """The first pixel is at 0.4, the second at 0.7: with one up and the other down they meet at 0.15."""
    *_, last = RayS(1000).stream(TwoPixels(), image[0], 1, 0.0)
    assert 0.15 <= last.epsilon <= 0.15 + 2 * TOLERANCE
    assert last.queries == 1000
    assert last.margin is None
    assert (last.image - image[0])[0, 0, :2].tolist() == pytest.approx([last.epsilon, -last.epsilon], abs=1e-6)
    prepared = RayS(1000).prepare(TwoPixels(), image, ONE)
    assert [int(TwoPixels()(prepared.at(epsilon)).argmax()) for epsilon in (0.16, 0.14)] == [0, 1]


def test_a_network_that_never_changes_its_mind_is_not_fooled(image):
    *_, last = RayS(50).stream(Blind(), image[0], 0, 0.5)
    assert (last.fooled, last.epsilon, last.queries) == (False, None, 50)
    assert torch.equal(last.image, image[0])


# On real digits


def test_asks_for_labels_and_no_more_than_its_questions(lenet, twenty):
    images, labels = twenty
    box = LabelsOnly(lenet)
    attacked = rays(box, images, labels, 0.2, queries=50)
    assert box.pictures == 50 * 20
    assert torch.equal(attacked, rays(lenet, images, labels, 0.2, queries=50))


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5, 1.0])
def test_stays_within_epsilon_and_the_pixel_range(lenet, twenty, epsilon):
    images, labels = twenty[0].clone(), twenty[1]
    attacked = rays(lenet, images, labels, epsilon, queries=60)
    assert torch.equal(images, twenty[0])
    assert (attacked - images).abs().max() <= epsilon + 1e-6
    assert attacked.min() >= 0
    assert attacked.max() <= 1


def test_does_not_depend_on_the_batch(lenet, twenty):
    images, labels = twenty
    together = RayS(80).prepare(lenet, images, labels).sign
    alone = torch.cat([RayS(80).prepare(lenet, images[i : i + 1], labels[i : i + 1]).sign for i in range(5)])
    assert (alone != together[:5]).flatten(1).any(1).sum() <= 1  # rounding may tip an answer


@pytest.mark.parametrize("network", ["lenet", "robust"])
def test_comes_closer_than_hop_skip_jump(request, mnist_test, network):
    """At 300 queries each; tests/bench/black_box.py has more images and questions."""
    model = request.getfixturevalue(network)
    pairs = [(mnist_test[0][i], int(mnist_test[1][i])) for i in (0, 1)]
    ours = torch.tensor([ray_search(model, *pair, 300) for pair in pairs])
    theirs = torch.tensor([hop_skip_jump(model, *pair, 300) for pair in pairs])
    assert (theirs < 1).all()
    assert ours.mean() < theirs.mean()


def test_more_questions_come_closer(lenet, mnist_test):
    distances = [ray_search(lenet, mnist_test[0][0], 7, queries) for queries in (50, 150, 450)]
    assert distances[0] > distances[1] > distances[2] > 0.05


# One image, question by question


def test_the_stream_ends_at_the_first_success(lenet, mnist_test):
    picture, box = mnist_test[0][0], LabelsOnly(lenet)
    attempts = list(RayS().stream(box, picture, 7, 0.25))
    assert [attempt.queries for attempt in attempts] == list(range(1, len(attempts) + 1))
    assert box.pictures == len(attempts) < 500
    assert [attempt.fooled for attempt in attempts] == [False] * (len(attempts) - 1) + [True]
    assert torch.equal(attempts[0].image, picture)
    known = [attempt for attempt in attempts if attempt.epsilon is not None]
    assert known[-1].epsilon <= 0.25 < known[-2].epsilon
    for attempt in known:
        assert lenet(attempt.image[None]).argmax() != 7
        assert (attempt.image - picture).abs().max() <= attempt.epsilon + 1e-6


def test_an_image_misread_already_needs_one_question(lenet, mnist_test):
    (only,) = RayS().stream(lenet, mnist_test[0][0], 3, 0.1)
    assert (only.queries, only.epsilon, only.fooled) == (1, 0.0, True)


def test_at_epsilon_one_it_has_to_fool_as_well(lenet, mnist_test):
    *_, last = RayS().stream(lenet, mnist_test[0][0], 7, 1.0)
    assert last.fooled
    assert last.epsilon < 1
    assert lenet(last.image[None]).argmax() != 7


def test_a_stream_can_be_stopped(lenet, mnist_test):
    box = LabelsOnly(lenet)
    stream = RayS().stream(box, mnist_test[0][0], 7, 0.0)
    assert len(list(islice(stream, 5))) == 5
    stream.close()
    assert box.pictures == 5


# In the table


def test_one_direction_serves_a_scan_and_a_sweep(lenet, twenty):
    images, labels = twenty
    sign = RayS(60).prepare(lenet, images, labels).sign
    assert sign.unique().tolist() == [-1, 1]
    result = sweep(lenet, images, labels, [0.1, 0.2], attack=RayS(60))
    expected = [accuracy(lenet, perturb(images, sign, epsilon), labels) for epsilon in (0.1, 0.2)]
    assert result.accuracies.tolist() == pytest.approx(expected, abs=0.051)
    scanned = scan(lenet, images[0], 7, attack=RayS(60))
    assert scanned.flip_epsilon == pytest.approx(ray_search(lenet, images[0], 7, 60), abs=2 * TOLERANCE)


@pytest.mark.parametrize("queries", [0, -1, 2.5, True, "100", 20_001])
def test_wrong_queries(image, queries):
    with pytest.raises(ValueError, match="queries must be a whole number from 1 to 20000, got"):
        rays(TwoPixels(), image, ONE, 0.1, queries=queries)
    with pytest.raises(ValueError, match="queries must be a whole number from 1 to 20000, got"):
        make_settings("rays", queries=queries)


def test_wrong_input(image):
    for wrong in WRONG_IMAGES.values():
        with pytest.raises(ValueError, match="^(images|pixels) must"):
            rays(Blind(), wrong, ONE, 0.1)
    for wrong in WRONG_LABELS.values():
        with pytest.raises(ValueError, match="^labels must"):
            rays(Blind(), image, wrong, 0.1)
    with pytest.raises(ValueError, match="epsilon must be"):
        next(RayS().stream(Blind(), image[0], 1, 1.5))
    with pytest.raises(ValueError, match="RayS cannot aim at a class"):
        next(RayS().stream(TwoPixels(), image[0], 0, 0.1, targeted=True))
    with pytest.raises(ValueError, match="RayS cannot aim at a class"):
        scan(TwoPixels(), image[0], 0, attack="rays", targeted=True)
