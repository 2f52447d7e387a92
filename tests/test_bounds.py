import math
from fractions import Fraction

import pytest
import torch
from torch.nn import functional as F

from advdemo.attacks import fgsm
from advdemo.measures import linear_bounds
from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.linear_bounds import enclose, linear_margins
from advdemo.measures.sweep import to_csv
from advdemo.networks.discriminator import Discriminator
from advdemo.networks.intervals import affine_layers, hidden_bounds, margins, pixel_box
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, classify, freeze
from tests.bench import soundness
from tests.tiny import Tiny, exact_margins, tiny_image

SOLVER = 2e-5  # what HiGHS may be off by
ROOM = 3e-3  # more than the room for rounding takes


def own_margins(network: LeNet, images: torch.Tensor, label: int) -> torch.Tensor:
    logits = network(images)
    return logits[:, label : label + 1] - logits


def around(image: torch.Tensor, epsilon: float, count: int) -> torch.Tensor:
    """Images within epsilon of one, half of them with every pixel at an end."""
    generator = torch.Generator().manual_seed(0)
    noise = 2 * torch.rand(count, *image.shape, generator=generator) - 1
    noise[: count // 2] = noise[: count // 2].sign()
    return (image + epsilon * noise).clamp(0, 1)


@pytest.mark.parametrize("epsilon", [0.0, 0.01, 0.04])
@pytest.mark.parametrize("seed", range(6))
def test_bounds_are_never_above_the_exact_answer_of_tiny_networks(seed, epsilon):
    network, image = Tiny(seed), tiny_image(seed)
    label = int(network(image[None]).argmax())
    exact = torch.tensor(exact_margins(network, image, epsilon, label), dtype=torch.float64)
    intervals = margins(network, pixel_box(image[None], epsilon), torch.tensor([label]))[0]
    linear = linear_margins(network, image, epsilon, label)
    others = torch.arange(3) != label
    assert (intervals <= exact + SOLVER)[others].all()
    assert (linear <= exact + SOLVER)[others].all()
    assert linear[label] == torch.inf
    if epsilon == 0.0:
        assert linear[others].tolist() == pytest.approx(exact[others].tolist(), abs=ROOM)
        assert intervals[others].tolist() == pytest.approx(exact[others].tolist(), abs=ROOM)


def test_linear_bounds_are_exact_where_nothing_is_undecided():
    """Within an epsilon that switches no ReLU and no window, the network is linear: what CROWN bounds is its minimum,
    which intervals, forgetting what comes from the same pixel, miss."""
    decided = missed = 0
    for seed in range(30):
        network, image, epsilon = Tiny(seed), tiny_image(seed), 0.001
        label = int(network(image[None]).argmax())
        others = torch.arange(3) != label
        exact = torch.tensor(exact_margins(network, image, epsilon, label), dtype=torch.float64)[others]
        linear = linear_margins(network, image, epsilon, label)[others]
        intervals = margins(network, pixel_box(image[None], epsilon), torch.tensor([label]))[0, others]
        decided += bool((exact - linear).max() < ROOM)
        missed += bool((exact - intervals).max() > 10 * ROOM)
    assert decided > 20
    assert missed > 15


@pytest.mark.parametrize("windows", [1, 4])
def test_an_enclosure_holds_every_value(windows):
    generator = torch.Generator().manual_seed(windows)
    ends = torch.randn(500, windows, 2, generator=generator).sort(-1).values
    lower, upper = ends[..., 0], ends[..., 1]
    noise = 0.1 * torch.rand(lower.shape, generator=generator)
    found = enclose(lower, upper, torch.zeros_like(lower))
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 0.3, 1.0])] * windows).view(-1, 1, windows)
    x = lower + corners * (upper - lower)
    y = x.amax(-1).relu()
    below = (found.below_slope * x).sum(-1) - found.below
    above = (found.above_slope * x).sum(-1) + found.above
    assert (below <= y + 1e-6).all()
    assert (above >= y - 1e-6).all()
    assert ((above - y).amin(0) < 1e-3).all()  # and touches
    noisy = enclose(lower, upper, noise)
    for added in (noise, -noise):  # on the inputs of the ReLU, which the bounds of x do not know of
        y = (x + added).clamp(lower, upper).amax(-1).relu()
        assert ((noisy.below_slope * x).sum(-1) - noisy.below <= y + 1e-6).all()
        assert ((noisy.above_slope * x).sum(-1) + noisy.above >= y - 1e-6).all()


@pytest.mark.parametrize("name", ["lenet", "robust", "certified"])
def test_no_image_in_the_box_is_outside_the_bounds(name, request, mnist_test):
    network = request.getfixturevalue(name)
    plain = freeze(LeNet())
    plain.load_state_dict(network.state_dict())
    for i, epsilon in ((0, 0.005), (1, 0.03), (2, 0.2)):
        image, label = mnist_test[0][i], int(mnist_test[1][i])
        samples = around(image, epsilon, 200)
        samples = torch.cat([samples, fgsm(network, image[None], mnist_test[1][i : i + 1], epsilon)])
        lowest = own_margins(network, samples, label).amin(0)
        others = torch.arange(10) != label
        assert (margins(network, pixel_box(image[None], epsilon), torch.tensor([label]))[0] <= lowest)[others].all()
        assert (linear_margins(network, image, epsilon, label) <= lowest)[others].all()
        seen = plain.conv[0]((samples - 0.1307) / 0.3081)
        centre, radius = hidden_bounds(network, pixel_box(image[None], epsilon))[0]
        assert (seen >= centre - radius).all()
        assert (seen <= centre + radius).all()


def test_intervals_make_room_for_rounding(lenet, mnist_test):
    """The bounds of a single image, epsilon 0, hold what the network computes in float64 as in float32; without room
    they hold nothing but themselves."""
    images, labels = mnist_test[0][:50], mnist_test[1][:50]
    plain = LeNet().double()
    plain.load_state_dict(lenet.state_dict())
    logits = plain(images.double())
    exact = logits.gather(1, labels[:, None]) - logits
    others = F.one_hot(labels, 10) == 0
    box = images, torch.zeros_like(images)
    box = (box[0] - 0.1307) / 0.3081, box[1]
    assert (margins(lenet, box, labels) < exact)[others].all()
    assert not (margins(lenet, box, labels, outward=False) <= exact)[others].all()
    assert (exact - margins(lenet, box, labels))[others].max() < 0.05


class Follower(LeNet):
    """Two classes for 2x2 pixels: class 1 leads by the brightest normalised pixel, if that is positive."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.ReLU(), torch.nn.MaxPool2d(2))
        self.fc = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.ReLU(), torch.nn.Linear(1, 2))
        freeze(self)
        for layer in affine_layers(self):
            layer.weight.zero_()[-1] = 1.0
            layer.bias.zero_()


@pytest.mark.parametrize("epsilon", [1e-9, 3e-9, 1e-8, 1e-7])
def test_bounds_make_room_for_the_rounding_of_pixels(epsilon):
    """Near the mean a normalised pixel is so small that no share of it covers what float32 takes from x + epsilon and
    from the mean. Fractions, which do not round, are the referee."""
    for steps in range(300, 340):
        image = torch.tensor([[[0.1307 + steps * 2.0**-26, 0.0], [0.0, 0.0]]])
        pixel = Fraction(image.max().item())
        exact = -(pixel + Fraction(epsilon) - Fraction("0.1307")) / Fraction("0.3081")
        by_intervals = margins(Follower(), pixel_box(image[None], epsilon), torch.tensor([0]))[0, 1]
        assert Fraction(by_intervals.item()) <= exact
        assert Fraction(linear_margins(Follower(), image, epsilon, 0)[1].item()) <= exact


def test_noise_is_more_than_rounding_adds(lenet, mnist_test):
    plain, exact = LeNet(), LeNet().double()
    plain.load_state_dict(lenet.state_dict())
    exact.load_state_dict(lenet.state_dict())
    x = (mnist_test[0][:50] - 0.1307) / 0.3081
    for single, double in zip(affine_layers(plain)[:2], affine_layers(exact)[:2], strict=True):
        noise = linear_bounds._Layer(single).noise(x.abs().amax(0))
        added = (single(x).double() - double(x.double())).abs()
        assert added.max() > 0
        assert (added <= noise).all()
        assert noise.max() < 1e-2
        x = F.max_pool2d(single(x).relu(), 2)


def test_noise_of_every_layer_is_in_the_linear_bounds(lenet, mnist_test, monkeypatch):
    """With far more noise than rounding's, the bounds hold for the noise that hurts most."""
    size, label, plain = 0.02, int(mnist_test[1][0]), LeNet()
    plain.load_state_dict(lenet.state_dict())
    true_noise = linear_bounds._Layer.noise
    monkeypatch.setattr(linear_bounds._Layer, "noise", lambda layer, reach: true_noise(layer, reach) * 0 + size)
    noises = [torch.zeros(shape, requires_grad=True) for shape in ((6, 28, 28), (16, 10, 10), 120, 84, 10)]

    def noisy(noises):
        x, left = (mnist_test[0][:1] - 0.1307) / 0.3081, iter(noises)
        for layer in (*plain.conv, torch.nn.Flatten(), *plain.fc):
            x = layer(x)
            x = x + next(left) if hasattr(layer, "weight") else x
        return (x[0, label] - x[0])[torch.arange(10) != label]

    bounds = linear_margins(lenet, mnist_test[0][0], 0.0, label)[torch.arange(10) != label]
    for k in range(9):
        gradients = torch.autograd.grad(noisy(noises)[k], noises)
        worst = noisy([-size * gradient.sign() for gradient in gradients])[k]
        assert bounds[k] <= worst
        assert bounds[k] > worst - 2.0


@pytest.mark.parametrize(("name", "method", "count"), [
    ("lenet", "crown", 12), ("robust", "crown", 8), ("certified", "intervals", 60), ("certified", "crown", 4),
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
