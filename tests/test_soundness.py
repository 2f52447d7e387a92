"""Bounds hold: against exact answers, against samples, and in spite of rounding."""

import copy
from fractions import Fraction

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from advdemo.attacks import fgsm
from advdemo.measures import linear_bounds
from advdemo.measures.linear_bounds import enclose, linear_margins
from advdemo.networks import intervals
from advdemo.networks.intervals import UNIT, affine_layers, hidden_bounds, margins, pixel_box
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import freeze
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


def test_the_last_layer_makes_room_of_its_own(lenet, mnist_test, monkeypatch):
    """What it is given is exact here."""
    seen, labels = torch.rand(50, 84, generator=torch.Generator().manual_seed(0)), mnist_test[1][:50]
    monkeypatch.setattr(intervals, "hidden_bounds", lambda *_, **__: [(seen, torch.zeros_like(seen))])
    weight, bias = (part.double() for part in (lenet.fc[-1].weight, lenet.fc[-1].bias))
    logits = F.linear(seen.double(), weight, bias)
    exact = logits.gather(1, labels[:, None]) - logits
    others = F.one_hot(labels, 10) == 0
    assert (margins(lenet, None, labels) < exact)[others].all()
    assert not (margins(lenet, None, labels, outward=False) <= exact)[others].all()


def test_tightened_bounds_make_room_for_the_layer_s_noise():
    network, box = Tiny(0), pixel_box(tiny_image(0), 0.05)
    first, second = map(linear_bounds._Layer, affine_layers(network)[:2])
    middle, spread = (part[0] for part in hidden_bounds(network, pixel_box(tiny_image(0)[None], 0.05))[0])
    lowest, highest = (linear_bounds._as_windows(end) for end in (middle - spread, middle + spread))
    first.enclosure = enclose(lowest, highest, torch.zeros_like(lowest))

    def tightened(noise):
        lower, upper = torch.full((2, 2, 2), -100.0), torch.full((2, 2, 2), 100.0)
        linear_bounds._tighten(lower, upper, [first], second.affine, torch.full((2, 2, 2), noise), box)
        return lower, upper

    for quiet, noisy, sign in zip(tightened(0.0), tightened(0.5), (-1, 1), strict=True):
        assert quiet.abs().max() < 50
        torch.testing.assert_close(noisy, quiet + sign * 0.5)


def test_constants_make_room_for_their_sum():
    """A sum of n in float32 is off by at most n u of it (Higham, 3.1): of what enclosures add, and of biases."""
    count = 10_000
    one = torch.ones(count, 1)
    above = enclose(-one, one, torch.zeros_like(one)).above.double()
    assert (above >= 0.5 * (1 + count * UNIT)).all()
    layer = nn.Conv2d(1, 1, 1)
    noise = linear_bounds._Layer(layer).noise(torch.zeros(1, 100, 100)).double()
    assert (noise >= count * UNIT * layer.bias.abs().double()).all()


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
        sizes = copy.deepcopy(double)
        sizes.weight, sizes.bias = (nn.Parameter(part.abs()) for part in (double.weight, double.bias))
        assert (noise >= single.weight[0].numel() * UNIT * sizes(x.abs().amax(0).double())).all()  # Higham, 3.1
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
