import copy

import pytest
import torch
from torch import nn

from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, classify, confusion, pick_device, predict, summary
from tests.by_hand import SHAPES
from tests.toolkits import plain_lenet


def test_parameters():
    state = LeNet().state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == SHAPES
    assert sum(value.numel() for value in state.values()) == 61_706


def test_summary_accounts_for_every_parameter(lenet):
    rows = summary(lenet)
    assert sum(parameters for _, _, parameters in rows) == 61_706
    assert rows[0][1] == (6, 28, 28)
    assert rows[-1][1] == (10,)
    assert not lenet.conv[0]._forward_hooks


def test_the_plain_one_is_what_anyone_would_write(lenet, mnist_test):
    layers = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    layers.load_state_dict(dict(zip(layers.state_dict(), lenet.state_dict().values(), strict=True)))
    images = mnist_test[0][:100]
    with torch.no_grad():
        torch.testing.assert_close(plain_lenet(lenet)(images), layers((images - 0.1307) / 0.3081))


def test_the_fast_one_gives_the_logits_of_the_plain_one(lenet, untrained, mnist_test):
    images = mnist_test[0][:500]
    with torch.no_grad():
        for model in (lenet, untrained):
            torch.testing.assert_close(model(images), plain_lenet(model)(images), rtol=1e-5, atol=1e-5)


def test_the_fast_one_takes_images_in_any_layout(lenet, mnist_test):
    """As of NumPy's (N, 28, 28, 1), whose channels come last."""
    images = mnist_test[0][:3]
    turned = images.view(3, 28, 28, 1).permute(0, 3, 1, 2)
    assert turned.stride() == (784, 1, 28, 1)
    pixels = turned.requires_grad_()
    logits = lenet(pixels)
    torch.testing.assert_close(logits, lenet(images))
    assert torch.autograd.grad(logits.sum(), pixels)[0].shape == images.shape


def test_the_fast_one_refuses_a_second_derivative(untrained, mnist_test):
    pixels = mnist_test[0][:2].clone().requires_grad_()
    for value in (untrained(pixels).sum(), untrained(pixels).square().sum()):
        (gradient,) = torch.autograd.grad(value, pixels, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            gradient.square().sum().backward()


def test_hooks_and_functional_transforms_work_on_the_plain_one(lenet, mnist_test):
    plain, images = plain_lenet(lenet), mnist_test[0][:2]
    seen = []
    hook = plain.conv[2].register_forward_hook(lambda _layer, _inputs, output: seen.append(output.shape))
    jacobian = torch.func.vmap(torch.func.jacrev(lambda image: plain(image[None])[0]))(images)
    hook.remove()
    assert jacobian.shape == (2, 10, 1, 28, 28)
    assert seen
    pixels = images.clone().requires_grad_()
    (expected,) = torch.autograd.grad(plain(pixels)[:, 3].sum(), pixels)
    torch.testing.assert_close(jacobian[:, 3], expected, rtol=1e-3, atol=1e-5)


def test_gradients_are_those_of_the_stock_modules(lenet, untrained, mnist_test):
    images, labels = mnist_test[0][:200], mnist_test[1][:200]
    for model in (lenet, untrained):
        found = []
        for network in (model, plain_lenet(model)):
            network = copy.deepcopy(network).requires_grad_()
            pixels = images.clone().requires_grad_()
            loss = nn.functional.cross_entropy(network(pixels), labels, reduction="sum")
            found.append(torch.autograd.grad(loss, [pixels, *network.parameters()]))
        for ours, theirs in zip(*found, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5 * theirs.abs().max().item())
        assert (found[0][0].sign() != found[1][0].sign()).float().mean() < 1e-4


def test_a_tie_between_pixels_gives_the_gradient_to_one(untrained):
    flat = torch.full((1, 1, 28, 28), 0.5, requires_grad=True)  # every pooling window inside is a tie
    (gradient,) = torch.autograd.grad(untrained(flat).sum(), flat)
    same = flat.detach().clone().requires_grad_()
    (expected,) = torch.autograd.grad(plain_lenet(untrained)(same).sum(), same)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (2, 3, 28, 28), (2, 1, 27, 28)])
def test_wrong_shape(untrained, shape):
    with pytest.raises(ValueError, match=r"LeNet takes pixels \(N, 1, 28, 28\), got"):
        untrained(torch.zeros(shape))
    with pytest.raises(ValueError, match=r"images must be pixels \(N, 1, 28, 28\), got"):
        predict(LeNet(), torch.zeros(shape))


def test_predict_gives_probabilities(lenet, mnist_test):
    images, labels = mnist_test
    probabilities = predict(lenet, images[:500])
    torch.testing.assert_close(probabilities.sum(1), torch.ones(500))
    assert not probabilities.requires_grad
    assert torch.equal(probabilities.argmax(1), classify(lenet, images[:500], batch_size=7))
    assert (probabilities.argmax(1) == labels[:500]).float().mean() > 0.98


def test_accuracy_and_confusion_count(lenet, mnist_test):
    images, labels = mnist_test[0][:50], classify(lenet, mnist_test[0][:50])
    labels[:5] = (labels[:5] + 1) % 10
    assert accuracy(lenet, images, labels) == pytest.approx(0.9)
    counts = confusion(lenet, images, labels)
    assert counts.sum() == 50
    assert counts.trace() == 45
    assert counts[labels[0], (labels[0] - 1) % 10] >= 1


def test_frozen(lenet):
    assert not lenet.training
    assert not any(parameter.requires_grad for parameter in lenet.parameters())


def test_pick_device():
    assert pick_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
