import math

import pytest
import torch

from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.linear_bounds import linear_margins
from advdemo.measures.sweep import to_csv
from advdemo.networks.discriminator import Discriminator
from advdemo.networks.intervals import margins, pixel_box
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, classify, freeze
from tests.bench import soundness


@pytest.mark.parametrize(("name", "method", "count"), [
    ("lenet", "crown", 6), ("robust", "crown", 4), ("certified", "intervals", 30), ("certified", "crown", 2),
])  # fmt: skip
def test_no_attack_succeeds_within_what_is_proved(name, method, count, request, mnist_test):
    network = request.getfixturevalue(name)
    images, labels = mnist_test[0][500 : 500 + count], mnist_test[1][500 : 500 + count]
    right = classify(network, images) == labels
    images, labels = images[right], labels[right]
    proved = torch.tensor(
        [
            certified_epsilon(network, image, int(label), method=method)
            for image, label in zip(images, labels, strict=True)
        ]
    )
    assert proved.median() > 0.01
    for name, fooled in soundness.fooled(network, images, labels, proved, queries=30).items():
        assert not fooled.any(), name


def test_the_bench_of_soundness_asks_for_the_largest_proofs_and_sees_a_false_one(lenet, certified, mnist_test, capsys):
    """It is the check of all 10,000 images: it must be able to fail."""
    images, labels = mnist_test[0][:4], mnist_test[1][:4]
    proved = soundness.proved_by_intervals(certified, images, labels)
    expected = [
        certified_epsilon(certified, *pair, method="intervals") for pair in zip(images, labels.tolist(), strict=True)
    ]
    assert proved.tolist() == pytest.approx(expected, abs=1e-4)
    assert soundness.check(lenet, images, labels, 0.02, queries=30) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(soundness, "linear_margins", lambda *_: torch.ones(10))
        assert soundness.check(lenet, images, labels, 0.3, queries=30) > 4
    assert "FALSE: image 0, proved up to 0.3000, FGSM succeeds" in capsys.readouterr().out


def test_certified_epsilon_is_the_last_step_that_is_proved(lenet, certified, mnist_test):
    image, label = mnist_test[0][3], int(mnist_test[1][3])
    found = certified_epsilon(lenet, image, label)
    assert found == round(found, 4)
    assert linear_margins(lenet, image, found, label).min() > 0
    assert linear_margins(lenet, image, found + 1e-4, label).min() <= 0
    truth = torch.tensor([label])
    for network in (lenet, certified):
        found = certified_epsilon(network, image[None], label, method="intervals")
        for epsilon, proved in ((found, True), (found + 1e-4, False)):
            lowest = margins(network, pixel_box(image[None], epsilon), truth)[0]
            assert bool((lowest[torch.arange(10) != label] > 0).all()) == proved


def test_crown_proves_at_least_as_much_as_intervals_and_as_the_reference(lenet, robust, mnist_test):
    """The reference: auto_LiRPA 0.7.1 proves the standard network at 0.02 on 7 of 20 images, the robust one at 0.03 on
    4."""
    images, labels = mnist_test[0][:20], mnist_test[1][:20]
    for network, epsilon, reference in ((lenet, 0.02, 7), (robust, 0.03, 4)):
        *_, crown = certified_stream(network, images, labels, [epsilon], method="crown")
        *_, intervals = certified_stream(network, images, labels, [epsilon])
        assert crown.correct[0] >= 2 * reference
        assert intervals.correct[0] == 0


def test_a_misread_image_has_no_proof(lenet, mnist_test):
    wrong = int((classify(lenet, mnist_test[0]) != mnist_test[1]).nonzero()[0])
    for method in ("crown", "intervals"):
        assert certified_epsilon(lenet, mnist_test[0][wrong], int(mnist_test[1][wrong]), method=method) == 0.0


def test_a_network_that_never_changes_its_mind_is_proved_for_every_image():
    network = LeNet()
    for parameter in network.parameters():
        parameter.data.zero_()
    network.fc[-1].bias.data[7] = 1.0
    for method in ("crown", "intervals"):
        assert certified_epsilon(freeze(network), torch.rand(1, 28, 28), 7, method=method) == 1.0


def test_the_stream_counts_what_is_proved(certified, mnist_test):
    images, labels = mnist_test[0][:300], mnist_test[1][:300]
    epsilons = [0.3, 0.0, 0.1]
    results = list(certified_stream(certified, images, labels, epsilons, batch_size=100))
    assert [result.n_images for result in results] == [100, 200, 300]
    last = results[-1]
    assert last.total == 300
    assert last.accuracies[1] >= last.accuracies[2] >= last.accuracies[0] > 0.5
    assert last.accuracies[1] == pytest.approx(accuracy(certified, images, labels), abs=1e-3)
    assert last.correct.tolist() == last.certified.sum(1).tolist()
    assert (last.per_class * last.images).sum(1) == pytest.approx(last.correct)
    proved = [
        certified_epsilon(certified, image, int(label), method="intervals") >= 0.1
        for image, label in zip(images[:50], labels[:50], strict=True)
    ]
    *_, fifty = certified_stream(certified, images[:50], labels[:50], [0.1])
    assert sum(proved) == fifty.correct[0]
    assert to_csv(last).splitlines()[1].startswith(f"0.3,{last.correct[0]},300,")


@pytest.mark.parametrize(("change", "message"), [
    ({"image": torch.rand(2, 1, 28, 28)}, "one image"),
    ({"image": torch.rand(1, 27, 28)}, "float32 tensor"),
    ({"image": torch.full((1, 28, 28), math.nan)}, "finite"),
    ({"label": 10}, "0..9"),
    ({"label": 1.5}, "integer"),
    ({"method": "guess"}, "unknown method 'guess': choose one of intervals, crown"),
    ({"model": Discriminator()}, "bounds are for a LeNet"),
])  # fmt: skip
def test_certified_epsilon_refuses(change, message, lenet):
    arguments = {"model": lenet, "image": torch.rand(1, 28, 28), "label": 3} | change
    with pytest.raises(ValueError, match=message):
        certified_epsilon(**arguments)


@pytest.mark.parametrize(("change", "message"), [
    ({"epsilons": []}, "different numbers"),
    ({"epsilons": [0.1, 0.1]}, "different numbers"),
    ({"epsilons": [1.5]}, "epsilon must be"),
    ({"images": torch.rand(0, 1, 28, 28), "labels": torch.zeros(0).long()}, "at least one image"),
    ({"labels": torch.tensor([3, 4])}, "one for each image"),
    ({"method": "guess"}, "unknown method"),
    ({"batch_size": 0}, "at least 1"),
    ({"model": Discriminator()}, "bounds are for a LeNet"),
])  # fmt: skip
def test_the_stream_refuses_before_the_first_result(change, message, lenet):
    arguments = {"model": lenet, "images": torch.rand(1, 1, 28, 28), "labels": torch.tensor([3])} | change
    with pytest.raises(ValueError, match=message):
        certified_stream(**arguments)
