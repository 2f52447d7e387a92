"""Training against an attack, and on what is proved."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch.nn import functional as F

from advdemo.attacks import pgd
from advdemo.measures.bounds import certified_stream
from advdemo.networks.fast import FastLeNet
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, freeze
from advdemo.training import certified
from advdemo.training import loop as loop_module
from advdemo.training.recipes import Recipe, pick_recipe
from advdemo.training.train import train, train_steps

CPU = torch.device("cpu")
QUICK = Recipe(about="for tests", epochs=2, batch_size=50, learning_rate=0.05, augmented=False)


@pytest.mark.slow
def test_adversarial_training_makes_robust(thousand, mnist_test):
    """Little data and small epsilons, so that it takes seconds."""
    images, labels = mnist_test[0][1000:1300], mnist_test[1][1000:1300]
    recipe = replace(QUICK, epochs=4, optimizer="adamw", learning_rate=0.005)
    accuracies = {}
    for epsilon in (0.0, 0.15):
        recipe = replace(recipe, epsilon=epsilon, attack_steps=3, warm_up=0.5)
        *_, last = train(recipe, *thousand, validation=(images, labels), device=CPU)
        model = LeNet()
        model.load_state_dict(last.weights)
        attacked = pgd(freeze(model), images, labels, 0.15, steps=10)
        accuracies[epsilon] = accuracy(model, attacked, labels)
        if epsilon:  # held-out images are attacked too
            assert accuracies[epsilon] == pytest.approx(last.validation_accuracy, abs=0.1)
    assert accuracies[0.15] > accuracies[0.0] + 0.15


def test_the_attack_of_a_training_starts_at_random(lenet, thousand):
    images, labels = (part[:5] for part in thousand)
    model = FastLeNet()
    model.load_state_dict(lenet.state_dict())
    one, again, other = (
        loop_module._attack(model, images, labels, 0.3, 1, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.slow
def test_certified_training_makes_provable(thousand, mnist_test, monkeypatch):
    monkeypatch.setattr(loop_module, "FIRST_STEPS", 20)  # of 240
    validation = mnist_test[0][1000:1300], mnist_test[1][1000:1300]
    recipe = replace(
        QUICK, epochs=6, batch_size=25, optimizer="adamw", learning_rate=0.003, weight_decay=0.0,
        schedule="late-cosine", epsilon=0.05, certified=True, clean=0.3, start="lenet-robust",
    )  # fmt: skip
    *_, last = train(recipe, *thousand, validation=validation, device=CPU)
    model = LeNet()
    model.load_state_dict(last.weights)
    *_, proved = certified_stream(freeze(model), *validation, [0.0, 0.05])
    assert proved.accuracies[0] > 0.8
    assert proved.accuracies[1] > 0.6  # of the network that it began with nothing is
    # held-out images are judged by what is proved of them at the full epsilon
    assert last.validation_accuracy == pytest.approx(proved.accuracies[1], abs=0.01)


@pytest.mark.slow
def test_the_clean_share_keeps_accuracy(thousand, mnist_test):
    validation = mnist_test[0][1000:1300], mnist_test[1][1000:1300]
    accuracies = []
    for share in (0.0, 0.9):
        recipe = replace(
            QUICK, epochs=2, batch_size=25, optimizer="adamw", learning_rate=0.003, weight_decay=0.0,
            epsilon=0.1, certified=True, clean=share, start="lenet-robust",
        )  # fmt: skip
        *_, last = train(recipe, *thousand, device=CPU)
        model = LeNet()
        model.load_state_dict(last.weights)
        accuracies.append(accuracy(freeze(model), *validation))
    assert accuracies[1] > accuracies[0] + 0.01


def test_worst_logits_are_a_bound_and_their_gradient_is_that_of_the_plain_layers(thousand):
    """The pooling of bounds writes its gradient out: held against the library's, layer by layer."""
    torch.manual_seed(0)
    model = LeNet()
    images, labels = thousand[0][:20], thousand[1][:20]
    epsilon = 0.1
    lower, upper = ((images + sign * epsilon).clamp(0, 1) for sign in (-1, 1))
    low, high = ((end - 0.1307) / 0.3081 for end in (lower, upper))
    for layer in (*model.conv, torch.nn.Flatten(), *model.fc[:-1]):
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
            apply = partial(F.conv2d, padding=layer.padding) if isinstance(layer, torch.nn.Conv2d) else F.linear
            positive, negative, bias = layer.weight.relu(), -(-layer.weight).relu(), layer.bias
            low, high = (
                apply(a, positive, bias) + apply(b, negative, None) for a, b in ((low, high), (high, low))
            )  # fmt: skip
        else:
            low, high = layer(low), layer(high)
    last = model.fc[-1]
    leads = last.weight[None] - last.weight[labels][:, None]
    expected = (leads.relu() * high[:, None] - (-leads).relu() * low[:, None]).sum(2)
    expected = expected + last.bias - last.bias[labels][:, None]
    found = certified.worst_logits(model, images, labels, epsilon)
    assert torch.allclose(found, expected, atol=1e-4)
    parameters = list(model.parameters())
    for ours, theirs in zip(
        torch.autograd.grad(F.cross_entropy(found, labels), parameters),
        torch.autograd.grad(F.cross_entropy(expected, labels), parameters),
        strict=True,
    ):
        assert torch.allclose(ours, theirs, atol=1e-5 + 1e-3 * theirs.abs().max().item())


def test_the_attack_grows_to_its_size_over_the_warm_up(thousand, monkeypatch):
    sizes = []

    def attack(network, images, labels, epsilon, steps, generator):
        sizes.append(epsilon)
        return images

    monkeypatch.setattr(loop_module, "_attack", attack)
    recipe = replace(pick_recipe("robust", epochs=2, batch_size=250), epsilon=0.2, warm_up=0.5)
    list(train_steps(recipe, *thousand, device=CPU))
    assert sizes == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2, 0.2, 0.2, 0.2])
