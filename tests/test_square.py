from itertools import islice, pairwise

import pytest
import torch

from advdemo.attacks import ATTACKS, Square, fgsm, make_settings, square
from advdemo.attacks.square import _other, _side, _squares
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.predict import accuracy
from tests.by_hand import ONE, WRONG_IMAGES, WRONG_LABELS, BlackBox, Blind, TwoPixels


@pytest.fixture(scope="module")
def hundred(mnist_test):
    return mnist_test[0][:100], mnist_test[1][:100]


# By hand


def test_the_sides_of_squares():
    """0.8 of 784 pixels are 627, a square of 25; an eighth of that 78, of 9; and so on, as in the paper for 10,000."""
    asked = (0, 0.001, 0.0011, 0.005, 0.02, 0.021, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9)
    assert [_side(share) for share in asked] == [25, 25, 18, 18, 13, 9, 9, 6, 4, 3, 2, 2, 1]


def test_the_pixels_of_squares():
    numbers = torch.tensor([[0.0, 0.0], [0.999, 0.999], [0.5, 0.0]])
    assert _squares(numbers, 2).tolist() == [[0, 1, 28, 29], [754, 755, 782, 783], [364, 365, 392, 393]]


def test_every_place_is_as_likely():
    numbers = torch.rand(50_000, 2, generator=torch.Generator().manual_seed(0))
    corners = _squares(numbers, 26)[:, 0].bincount(minlength=784)
    assert corners.count_nonzero() == 9
    assert (corners[corners > 0] / 50_000).tolist() == pytest.approx([1 / 9] * 9, abs=0.01)


def test_no_question_is_wasted_on_the_picture_as_it_is():
    low, high = torch.zeros(3, 2), torch.ones(3, 2)
    before = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    assert _other(before, low, high, up=torch.tensor([[True]] * 3)).tolist() == [[0, 0], [1, 1], [1, 1]]
    assert _other(before, low, high, up=torch.tensor([[False]] * 3)).tolist() == [[0, 0], [0, 0], [1, 1]]


def test_finds_the_two_pixels_that_count(image):
    """Of 0.4 and 0.7 the first must come out above the second: by 0.2 each at epsilon 0.2."""
    attacked = square(TwoPixels(), image, ONE, 0.2, queries=3000)
    assert attacked[0, 0, 0, :2].tolist() == pytest.approx([0.6, 0.5])
    assert TwoPixels()(attacked).argmax() == 0
    too_small = square(TwoPixels(), image, ONE, 0.1, queries=3000)
    assert too_small[0, 0, 0, :2].tolist() == pytest.approx([0.5, 0.6])


def test_one_question_is_the_image_and_two_are_its_stripes(image):
    assert torch.equal(square(TwoPixels(), image, ONE, 0.05, queries=1), image)
    striped = square(TwoPixels(), image, ONE, 0.05, queries=2)
    assert torch.equal((striped - image)[0, 0, 5], (striped - image)[0, 0, 6])
    assert (striped - image).abs().flatten().tolist() == pytest.approx([0.05] * 784, abs=1e-6)
    assert 0.2 < (striped > image).float().mean() < 0.8


# On real digits


def test_asks_for_no_gradient_and_no_more_than_its_questions(lenet, robust, hundred):
    images, labels = hundred
    for model in (lenet, robust):
        box = BlackBox(model)
        attacked = square(box, images, labels, 0.2, queries=50)
        assert 100 < box.pictures <= 50 * 100
        assert torch.equal(attacked, square(model, images, labels, 0.2, queries=50))
    with pytest.raises(AssertionError, match="asked for a gradient"):
        fgsm(BlackBox(lenet), images, labels, 0.2)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5, 1.0])
def test_stays_within_epsilon_and_the_pixel_range(lenet, hundred, epsilon):
    images, labels = hundred[0].clone(), hundred[1]
    attacked = square(lenet, images, labels, epsilon, queries=40)
    assert torch.equal(images, hundred[0])
    assert (attacked - images).abs().max() <= epsilon + 1e-6
    assert attacked.min() >= 0
    assert attacked.max() <= 1


@pytest.mark.parametrize(("network", "epsilon"), [("lenet", 0.14), ("robust", 0.36)])
def test_fools_as_many_as_torchattacks(request, hundred, network, epsilon):
    from torchattacks import Square as TheirSquare

    model, (images, labels) = request.getfixturevalue(network), hundred
    ours = accuracy(model, square(model, images, labels, epsilon, queries=150), labels)
    theirs = accuracy(model, TheirSquare(model, eps=epsilon, n_queries=150)(images, labels), labels)
    assert ours == pytest.approx(theirs, abs=0.08)
    assert 0.1 < ours < 0.9


def test_depends_on_the_seed_and_not_on_the_batch(lenet, hundred):
    images, labels = hundred
    attacked = square(lenet, images, labels, 0.1, queries=40)
    assert torch.equal(attacked, square(lenet, images, labels, 0.1, queries=40))
    assert not torch.equal(attacked, square(lenet, images, labels, 0.1, queries=40, seed=1))
    alone = torch.cat([square(lenet, images[i : i + 1], labels[i : i + 1], 0.1, queries=40) for i in range(10)])
    assert (alone != attacked[:10]).flatten(1).any(1).sum() <= 1  # rounding may tip a margin


def test_misread_images_stay_as_they_are(lenet, hundred):
    images, wrong = hundred[0], (lenet(hundred[0]).argmax(1) + 1) % 10
    assert torch.equal(square(lenet, images, wrong, 0.3, queries=5), images)


def test_targeted_reaches_its_targets(lenet, hundred):
    images, targets = hundred[0][:40], (hundred[1][:40] + 1) % 10
    attacked = square(lenet, images, targets, 0.4, queries=300, targeted=True)
    assert accuracy(lenet, attacked, targets) > 0.8


# One image, question by question


def test_the_stream_ends_at_the_first_success(lenet, mnist_test):
    picture = mnist_test[0][0]
    box = BlackBox(lenet)
    attempts = list(Square(queries=500).stream(box, picture, 7, 0.2))
    assert [attempt.queries for attempt in attempts] == list(range(1, len(attempts) + 1))
    assert box.pictures == len(attempts) < 500
    assert [attempt.fooled for attempt in attempts] == [False] * (len(attempts) - 1) + [True]
    assert torch.equal(attempts[0].image, picture)
    last = attempts[-1]
    assert lenet(last.image[None]).argmax() != 7
    assert last.epsilon == pytest.approx(0.2, abs=1e-5)
    margins = [attempt.margin for attempt in attempts]
    assert all(later <= earlier for earlier, later in pairwise(margins[1:]))
    for attempt in (attempts[0], attempts[1], last):
        logits = lenet(attempt.image[None])[0]
        others = torch.cat([logits[:7], logits[8:]])
        assert attempt.margin == pytest.approx(float(logits[7] - others.max()), abs=1e-4)
    batch = square(lenet, picture[None], torch.tensor([7]), 0.2, queries=500)
    assert torch.equal(batch[0], last.image)


def test_a_stream_that_fails_asks_all_its_questions(robust, mnist_test):
    *_, last = Square(queries=30).stream(robust, mnist_test[0][0], 7, 0.1)
    assert (last.queries, last.fooled) == (30, False)
    assert last.margin > 0


def test_a_stream_can_be_stopped(robust, mnist_test):
    box = BlackBox(robust)
    stream = Square().stream(box, mnist_test[0][0], 7, 0.1)
    pictures = [attempt.image for attempt in islice(stream, 5)]
    stream.close()
    assert box.pictures == 5
    assert torch.equal(pictures[0], mnist_test[0][0])  # what has been handed out does not change


# In the table


def test_the_row_says_what_it_knows():
    assert {row.name: row.knows for row in ATTACKS.values()}.items() >= {
        "fgsm": "gradient",
        "pgd": "gradient",
        "bpda": "gradient",
        "momentum": "gradient",
        "dim": "gradient",
        "square": "scores",
        "rays": "label",
        "advgan": "nothing",
        "noise": "nothing",
    }.items()
    assert all(hasattr(row, "stream") == (row.knows in ("scores", "label")) for row in ATTACKS.values())


def test_sweep_is_square_and_scan_refuses(lenet, hundred):
    images, labels = hundred
    result = sweep(lenet, images, labels, [0.0, 0.1], attack=Square(queries=60))
    expected = accuracy(lenet, square(lenet, images, labels, 0.1, queries=60), labels)
    assert result.accuracies[1] == pytest.approx(expected, abs=0.021)
    with pytest.raises(ValueError, match="square searches anew for each epsilon, too slowly for a scan"):
        scan(lenet, images[0], 7, attack="square")


@pytest.mark.parametrize("queries", [0, -1, 2.5, True, "100", 20_001])
def test_wrong_queries(image, queries):
    with pytest.raises(ValueError, match="queries must be a whole number from 1 to 20000, got"):
        square(TwoPixels(), image, ONE, 0.1, queries=queries)
    with pytest.raises(ValueError, match="queries must be a whole number from 1 to 20000, got"):
        make_settings("square", queries=queries)


def test_wrong_input(image):
    for wrong in WRONG_IMAGES.values():
        with pytest.raises(ValueError, match="^(images|pixels) must"):
            square(Blind(), wrong, ONE, 0.1)
    for wrong in WRONG_LABELS.values():
        with pytest.raises(ValueError, match="^labels must"):
            square(Blind(), image, wrong, 0.1)
    with pytest.raises(ValueError, match="epsilon must be"):
        next(Square().stream(Blind(), image[0], 1, 1.5))
    with pytest.raises(ValueError, match="already reads the image as 1: choose another target"):
        next(Square().stream(TwoPixels(), image[0], 1, 0.1, targeted=True))


def test_a_network_that_never_changes_its_mind_is_not_fooled(image):
    *_, last = Square(queries=20).stream(Blind(), image[0], 0, 0.3)
    assert (last.fooled, last.margin, last.queries) == (False, 0.0, 20)
