"""Attacks whatever mode torch is in, and images and numbers as they come."""

import numpy as np
import pytest
import torch

from advdemo.attacks import ATTACKS, advgan, bpda, fgsm, make_settings, mifgsm, noise, pgd, rays, square
from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.lenet import LeNet


@pytest.fixture(scope="module")
def batch(mnist_test):
    return mnist_test[0][:2], mnist_test[1][:2]


FUNCTIONS = {
    "fgsm": fgsm,
    "pgd": lambda *given: pgd(*given, steps=2),
    "bpda": lambda *given: bpda(*given, steps=2, random_start=True, generator=torch.Generator().manual_seed(0)),
    "mifgsm": lambda *given: mifgsm(*given, steps=2),
    "dim": lambda *given: mifgsm(*given, steps=2, diversity=0.5),
    "square": lambda *given: square(*given, queries=20),
    "rays": lambda *given: rays(*given, queries=20),
    "advgan": lambda network, images, labels, epsilon: advgan(images, epsilon),
    "noise": lambda network, images, labels, epsilon: noise(images, epsilon),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_in_inference_mode_the_answer_is_the_same(name, lenet, batch):
    expected = FUNCTIONS[name](lenet, *batch, 0.2)
    with torch.inference_mode():
        assert torch.equal(FUNCTIONS[name](lenet, *batch, 0.2), expected)
        inside = [tensor.clone() for tensor in batch]
        assert inside[0].is_inference()
        assert torch.equal(FUNCTIONS[name](lenet, *inside, 0.2), expected)


def test_a_network_made_in_inference_mode_gets_a_sentence(batch):
    with torch.inference_mode():
        network = LeNet()
    with pytest.raises(ValueError, match="made in inference mode.*outside torch.inference_mode"):
        fgsm(network, *batch, 0.2)


# Images as they come


class Viewing(torch.nn.Module):
    """A network that takes its images row by row in memory, as many do."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        return self.network(images.view(len(images), 784).view(-1, 1, 28, 28))


FORMS = {
    "requires gradients": lambda images: images.clone().requires_grad_(),
    "was computed": lambda images: images.clone().requires_grad_() * 1.0,
    "channels last": lambda images: images.to(memory_format=torch.channels_last),
    "transposed": lambda images: images.mT.contiguous().mT.requires_grad_(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_attacks_take_images_as_they_come(name, form, lenet, batch):
    given = FORMS[form](batch[0])
    attacked = FUNCTIONS[name](Viewing(lenet), given, batch[1], 0.2)
    assert not attacked.requires_grad
    assert torch.equal(attacked, FUNCTIONS[name](lenet, *batch, 0.2))


def test_measures_take_images_as_they_come(lenet, batch):
    network, given, label = Viewing(lenet), FORMS["transposed"](batch[0]), int(batch[1][0])
    for name, row in ATTACKS.items():
        settings = make_settings(name, queries=20) if row.knows in ("scores", "label") else make_settings(name)
        swept = sweep(network, given, batch[1], [0.2], attack=settings)
        assert swept.flips.tolist() == sweep(lenet, *batch, [0.2], attack=settings).flips.tolist()
        if row.scannable:
            images = scan(network, given[0], label, attack=settings, epsilons=[0.0, 0.005]).images
            assert (images == scan(lenet, batch[0][0], label, attack=settings, epsilons=[0.0, 0.005]).images).all()
        if hasattr(settings, "stream"):
            *_, last = settings.stream(network, given[0], label, 0.2)
            assert not last.image.requires_grad
    by_intervals = certified_epsilon(lenet, given[0], label, method="intervals")
    assert by_intervals == certified_epsilon(lenet, batch[0][0], label, method="intervals")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_epsilon_is_a_number_of_python_or_numpy_or_a_tensor(name, lenet, batch):
    attack = FUNCTIONS[name]
    expected = attack(lenet, *batch, 0.25)
    for epsilon in (np.float32(0.25), np.float64(0.25), torch.tensor(0.25, dtype=torch.float64)):
        assert torch.equal(attack(lenet, *batch, epsilon), expected)
    each = torch.tensor([0.25, 0.5], dtype=torch.float64, requires_grad=True).view(2, 1, 1, 1)
    attacked = attack(lenet, *batch, each)
    assert (attacked.dtype, attacked.requires_grad) == (torch.float32, False)
    distances = (attacked - batch[0]).abs().amax((1, 2, 3))
    assert (distances <= torch.tensor([0.25, 0.5]) + 1e-6).all()
    one_at_both = attack(lenet, batch[0][:1], batch[1][:1], each)
    torch.testing.assert_close(one_at_both[0], attacked[0])
    for wrong in (torch.tensor([0.1, 0.2]), torch.full((3, 1, 1, 1), 0.1), torch.full((28,), 0.1)):
        with pytest.raises(ValueError, match=r"epsilon must be a number or a tensor \(2, 1, 1, 1\), one for each"):
            attack(lenet, *batch, wrong)
    for wrong in (np.array([0.1, 0.2]), np.True_, "0.1", None):
        with pytest.raises(ValueError, match="epsilon must be a number from 0 to 1"):
            attack(lenet, *batch, wrong)


def test_epsilons_are_a_list(lenet, batch):
    for epsilons in (np.float32([0, 0.25]), torch.tensor([0, 0.25]), iter([0, 0.25]), [np.int64(0), np.float16(0.25)]):
        assert sweep(lenet, *batch, epsilons).epsilons.tolist() == [0.0, 0.25]
    for measure in (
        lambda epsilons: sweep(lenet, *batch, epsilons),
        lambda epsilons: scan(lenet, batch[0][0], 7, epsilons=epsilons),
        lambda epsilons: certified_stream(lenet, *batch, epsilons),
    ):
        for wrong in (0.1, np.float32(0.1), torch.tensor(0.1), "0.1", [], [0.1, np.float64(0.1)], None):
            with pytest.raises(ValueError, match=r"epsilons must be a list of different numbers, such as \[0.1, 0.2\]"):
                measure(wrong)


def test_whole_numbers_may_be_numpys(lenet, batch):
    options = {"steps": np.int64(2), "restarts": np.int64(1)}
    assert torch.equal(pgd(lenet, *batch, 0.2, **options), pgd(lenet, *batch, 0.2, steps=2))
    assert torch.equal(square(lenet, *batch, 0.2, queries=np.int32(5)), square(lenet, *batch, 0.2, queries=5))


def test_normalised_pixels_are_called_so(lenet, batch):
    with pytest.raises(ValueError, match=r"got -0.4.*normalised, leave that out"):
        fgsm(lenet, (batch[0] - 0.1307) / 0.3081, batch[1], 0.2)
    with pytest.raises(ValueError, match="divide bytes by 255 first"):
        fgsm(lenet, batch[0] * 255, batch[1], 0.2)
