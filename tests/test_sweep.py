import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from advdemo.attacks import PGD, fgsm, pgd
from advdemo.cores import each_core
from advdemo.measures.sweep import EPSILONS, EXAMPLES, TUTORIAL_ACCURACIES, sweep, sweep_stream, to_csv, to_json
from advdemo.networks.predict import accuracy, classify
from tests.by_hand import Blind
from tests.toolkits import art_fgsm


@pytest.fixture(scope="module")
def result(lenet, thousand):
    return sweep(lenet, *thousand)


def test_equals_a_loop_of_fgsm_and_accuracy(lenet, thousand, result):
    images, labels = thousand
    loop = [accuracy(lenet, fgsm(lenet, images, labels, epsilon), labels) for epsilon in EPSILONS]
    assert result.accuracies.tolist() == pytest.approx(loop, abs=1.01e-3)  # an image on the edge may tip
    assert result.correct.tolist() == [round(accuracy * 1000) for accuracy in result.accuracies]
    assert result.n_images == result.total == 1000
    assert result.epsilons.tolist() == list(EPSILONS)


def test_equals_art(lenet, thousand, result):
    images, labels = thousand
    for epsilon, correct in zip(EPSILONS[1:], result.correct[1:], strict=True):
        attacked = torch.from_numpy(art_fgsm(lenet, images, labels, epsilon))
        assert abs((classify(lenet, attacked) == labels).sum() - correct) <= 1


def test_accuracy_falls(result):
    assert result.accuracies[0] > 0.98
    assert result.accuracies[-1] < result.accuracies[0] - 0.3


def test_flips_count_true_against_predicted(lenet, thousand, result):
    images, labels = thousand
    predicted = classify(lenet, fgsm(lenet, images, labels, 0.2))
    expected = np.zeros((10, 10), dtype=int)
    np.add.at(expected, (labels.numpy(), predicted.numpy()), 1)
    flips = result.flips[EPSILONS.index(0.2)]
    assert np.abs(flips - expected).sum() <= 2
    assert flips.sum(axis=1).tolist() == labels.bincount().tolist()


def test_first_flips_count_the_smallest_epsilon_that_fools(lenet, thousand, result):
    images, labels = thousand
    fooled = [classify(lenet, fgsm(lenet, images, labels, epsilon)) != labels for epsilon in EPSILONS]
    first = torch.stack([*fooled, torch.ones(1000, dtype=torch.bool)]).int().argmax(0)
    expected = first.bincount(minlength=len(EPSILONS) + 1).numpy()
    assert np.abs(result.first_flips - expected).sum() <= 4
    assert result.first_flips.sum() == 1000
    shuffled = sweep(lenet, *thousand, [0.3, 0.0, 0.2])
    assert shuffled.first_flips.tolist() == sweep(lenet, *thousand, [0.0, 0.2, 0.3]).first_flips.tolist()


def test_pgd_is_pgd_and_fools_more_than_fgsm(lenet, mnist_test, result):
    images, labels = mnist_test[0][:200], mnist_test[1][:200]
    by_pgd = sweep(lenet, images, labels, [0.0, 0.1], attack=PGD(steps=10))
    attacked = pgd(lenet, images, labels, 0.1, steps=10)
    assert abs(by_pgd.correct[1] - (classify(lenet, attacked) == labels).sum()) <= 1
    assert by_pgd.correct[1] < sweep(lenet, images, labels, [0.1]).correct[0] - 20


def test_noise_hardly_fools_and_is_the_same_each_time(lenet, thousand, result):
    by_noise = sweep(lenet, *thousand, attack="noise")
    assert by_noise.correct.tolist() == sweep(lenet, *thousand, attack="noise").correct.tolist()
    assert by_noise.correct[4] > result.correct[4] + 400
    assert sweep(lenet, *thousand, attack="noise", seed=5).flips.tolist() != by_noise.flips.tolist()


def test_examples_made_on_another_network(lenet, robust, thousand):
    images, labels = thousand
    transferred = sweep(lenet, images, labels, [0.0, 0.2], source=robust)
    attacked = fgsm(robust, images, labels, 0.2)
    assert abs(transferred.correct[1] - (classify(lenet, attacked) == labels).sum()) <= 1
    assert transferred.correct[0] == (classify(lenet, images) == labels).sum()
    only_lenet = (classify(lenet, images) == labels) & (classify(robust, images) != labels)
    examples = sweep(lenet, images[only_lenet], labels[only_lenet], [0.0], source=robust).examples[0]
    assert [example.before for example in examples] == labels[only_lenet][:EXAMPLES].tolist() != []


def test_per_class(result):
    count = result.flips[0].sum(axis=1)
    assert (result.per_class * count).sum(axis=1) == pytest.approx(result.correct)
    assert result.per_class[0].min() > 0.9


def test_a_class_without_images_has_no_accuracy(lenet, thousand):
    images, labels = thousand
    only = sweep(lenet, images[labels != 4], labels[labels != 4], [0.1])
    assert np.isnan(only.per_class[0, 4])
    assert np.isfinite(np.delete(only.per_class[0], 4)).all()
    assert json.loads(to_json(only))[0]["per_class"][4] is None


def test_examples_are_images_the_attack_turned(lenet, thousand, result):
    images, labels = thousand
    clean = classify(lenet, images)
    for epsilon, found in zip(EPSILONS, result.examples, strict=True):
        assert len(found) == EXAMPLES
        assert len({example.index for example in found}) == EXAMPLES
        for example in found:
            i = slice(example.index, example.index + 1)
            attacked = fgsm(lenet, images[i], labels[i], epsilon)
            assert example.before == clean[example.index] == labels[example.index]
            assert example.after == classify(lenet, attacked)
            assert (example.after == example.before) == (epsilon == 0)
            different = np.abs(example.image.astype(int) - (attacked[0, 0] * 255).round().byte().numpy()) > 0
            assert different.sum() <= 2


def test_stream_adds_up(lenet, thousand, result):
    parts = list(sweep_stream(lenet, *thousand, batch_size=300))
    assert [part.n_images for part in parts] == [300, 600, 900, 1000]
    assert {part.total for part in parts} == {1000}
    first = sweep(lenet, thousand[0][:300], thousand[1][:300])
    assert np.abs(parts[0].flips - first.flips).sum() <= 2
    assert np.abs(parts[-1].flips - result.flips).sum() <= 2
    assert (np.diff([part.flips for part in parts], axis=0) >= 0).all()


def test_stopping_early_leaves_a_result(lenet, thousand):
    running = sweep_stream(lenet, *thousand, batch_size=100)
    part = next(running)
    running.close()
    assert part.n_images == 100
    assert list(running) == []
    assert part.flips.sum() == 100 * len(EPSILONS)


def test_stopping_early_stops_the_work(lenet, thousand):
    batches = []
    counting = torch.nn.Sequential(lenet)
    counting.register_forward_hook(lambda *_: batches.append(1))
    running = sweep_stream(counting, *thousand, [0.0, 0.1], batch_size=5)
    next(running)
    running.close()
    assert len(batches) < 200  # of 400


def test_leaves_the_process_s_threads_as_they_were(lenet, thousand):
    def of_a_new_thread() -> int:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(torch.get_num_threads).result()

    torch.set_num_threads(3)
    try:
        with each_core(torch.device("cpu")) as pool:
            assert pool.submit(torch.get_num_threads).result() == 1
        running = sweep_stream(lenet, *thousand, [0.1], batch_size=100)
        next(running)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(sweep, lenet, *thousand, [0.1]).result()
        assert of_a_new_thread() == 3  # while one sweep runs, and another is over
        running.close()
        assert (of_a_new_thread(), torch.get_num_threads()) == (3, 3)
    finally:
        torch.set_num_threads(1)


def test_progress(lenet, thousand):
    seen = []
    final = sweep(lenet, *thousand, [0.0, 0.1], batch_size=400, on_progress=lambda part: seen.append(part.n_images))
    assert seen == [400, 800, 1000]
    assert final.n_images == 1000


def test_epsilons_in_any_order(lenet, thousand, result):
    other = sweep(lenet, *thousand, [0.3, 0.0, 0.1])
    assert other.correct.tolist() == result.correct[[6, 0, 2]].tolist()


def test_nothing_to_follow_changes_nothing(thousand):
    result = sweep(Blind(), *thousand, [0.0, 0.5])
    assert result.correct[0] == result.correct[1] == (thousand[1] == 0).sum()
    assert result.examples[1] == ()


def test_one_image(lenet, mnist_test):
    result = sweep(lenet, mnist_test[0][:1], mnist_test[1][:1])
    assert result.n_images == 1
    assert result.accuracies[0] == 1.0


def test_the_tutorials_numbers():
    assert EPSILONS == (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
    assert TUTORIAL_ACCURACIES[:3] == (0.9904, 0.969, 0.9079)


def test_csv(result):
    rows = list(csv.DictReader(io.StringIO(to_csv(result))))
    assert [float(row["epsilon"]) for row in rows] == list(EPSILONS)
    assert [int(row["correct"]) for row in rows] == result.correct.tolist()
    assert {row["total"] for row in rows} == {"1000"}
    assert [float(row["accuracy"]) for row in rows] == result.accuracies.tolist()


def test_json(result):
    rows = json.loads(to_json(result))
    assert [row["epsilon"] for row in rows] == list(EPSILONS)
    assert [row["correct"] for row in rows] == result.correct.tolist()
    assert np.array([row["flips"] for row in rows]).tolist() == result.flips.tolist()
    assert np.array([row["per_class"] for row in rows]) == pytest.approx(result.per_class)


WRONG = {
    "no epsilon": ({"epsilons": []}, "list of different numbers"),
    "twice the same": ({"epsilons": [0.1, 0.1]}, "list of different numbers"),
    "negative": ({"epsilons": [-0.1]}, "from 0 to 1"),
    "NaN": ({"epsilons": [float("nan")]}, "from 0 to 1"),
    "text": ({"epsilons": ["0.1"]}, "from 0 to 1"),
    "batch of none": ({"batch_size": 0}, "batch_size must be at least 1"),
    "wrong shape": ({"images": torch.zeros(1000, 28, 28)}, "images must be"),
    "pixels up to 255": ({"images": torch.full((1000, 1, 28, 28), 255.0)}, "pixels must be"),
    "labels too few": ({"labels": torch.zeros(3, dtype=torch.int64)}, "labels must be"),
    "labels above 9": ({"labels": torch.full((1000,), 10)}, r"labels must be in 0\.\.9"),
}


@pytest.mark.parametrize(("changed", "message"), WRONG.values(), ids=WRONG)
def test_wrong_arguments(lenet, thousand, changed, message):
    arguments = {"images": thousand[0], "labels": thousand[1], **changed}
    with pytest.raises(ValueError, match=message):
        sweep_stream(lenet, **arguments)  # before the first batch is asked for
