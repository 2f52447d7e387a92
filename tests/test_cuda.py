"""Attacks and measures on CUDA, run under a device that is made up: mixed devices fail here on every machine, and what
comes out is the CPU's to the last bit."""

from functools import partial

import pytest
import torch
from torch import nn

from advdemo.attacks import ATTACKS, few_pixels, make_settings, pgd, square
from advdemo.measures import experiments, mistakes
from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.experiments import EXPERIMENTS
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import confusion, pick_device, predict
from tests import pretend
from tests.bench.cuda_parts import tf32
from tests.conftest import CERTIFIED_CHECKPOINT, CHECKPOINT, ROBUST_CHECKPOINT
from tests.pretend import both, on

PATHS = {"standard": CHECKPOINT, "robust": ROBUST_CHECKPOINT, "certified": CERTIFIED_CHECKPOINT}
FEW = {"square": {"queries": 8}, "rays": {"queries": 12}, "pgd": {"steps": 3}, "bpda": {"steps": 3}}


@pytest.fixture(autouse=True)
def _device():
    with pretend.cuda():
        yield


@pytest.fixture
def few(mnist_test):
    return mnist_test[0][:6], mnist_test[1][:6]


@pytest.fixture
def standard():
    """The network by device."""
    return {device: load_checkpoint(CHECKPOINT, device)[0] for device in ("cuda", "cpu")}


def test_the_device_refuses_what_cuda_refuses(standard, few):
    images, labels = on("cuda", *few)
    for refused in (
        lambda: images + few[0],
        lambda: few[0][images > 0.5],
        lambda: torch.cat([images, few[0]]),
        lambda: standard["cpu"](images),
        lambda: standard["cuda"](few[0]),
        lambda: labels[None] @ labels[:, None],
        lambda: torch.rand(3, generator=torch.Generator(), device="cuda"),
        lambda: torch.rand(3, generator=torch.Generator("cuda")),
        lambda: images.numpy(),
    ):
        with pytest.raises((RuntimeError, TypeError), match=r"same device|not implemented|generator|numpy"):
            refused()
    assert pick_device().type == images.device.type == "cuda"


def test_tf32_is_off(standard, few):
    backends = torch.backends
    assert (backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32) == (False, False)
    for switch in (backends.cudnn.conv, backends.cuda.matmul):
        assert switch.fp32_precision == "ieee"
    assert backends.cudnn.deterministic
    assert not backends.cudnn.benchmark
    images = few[0].to("cuda")
    exact = predict(standard["cuda"], images).cpu()
    assert torch.equal(exact, predict(standard["cpu"], few[0]))
    with tf32(True):
        assert backends.cudnn.allow_tf32
        assert backends.cudnn.conv.fp32_precision == backends.cuda.matmul.fp32_precision == "tf32"
        assert not torch.equal(predict(standard["cuda"], images).cpu(), exact)
    assert not backends.cudnn.allow_tf32


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks(name, standard, few):
    settings = make_settings(name, **FEW.get(name, {}))
    found, expected = both(lambda device, *inputs: settings.prepare(standard[device], *inputs).at(0.2), *few)
    assert found.is_cuda
    assert torch.equal(found.cpu(), expected)


@pytest.mark.parametrize("name", ["square", "rays"])
def test_black_boxes_one_by_one(name, standard, few):
    settings = make_settings(name, **FEW[name])
    found, expected = both(lambda device, image: list(settings.stream(standard[device], image, 7, 0.2)), few[0][0])
    assert [(step.queries, step.fooled) for step in found] == [(step.queries, step.fooled) for step in expected]


@pytest.mark.parametrize(("name", "queries"), [("square", 60), ("rays", 25)])
def test_black_boxes_ask_in_batches_of_few_sizes(name, queries, standard, few):
    """On CUDA of powers of two, but for the first of all; on the CPU of those images alone that are left."""
    sizes: dict[str, set[int]] = {"cuda": set(), "cpu": set()}

    class Counting(nn.Module):
        def forward(self, images):
            sizes[images.device.type].add(len(images))
            return standard[images.device.type](images)

    settings = make_settings(name, queries=queries)
    found, expected = both(lambda _, *inputs: settings.prepare(Counting(), *inputs).at(0.25).cpu(), *few)
    assert torch.equal(found, expected)
    assert sizes["cuda"] <= {6, 1, 2, 4, 8}
    assert sizes["cpu"] & {3, 5}


def test_few_pixels(standard, few):
    found, expected = both(lambda device, image: few_pixels(standard[device], image, 7, most=4), few[0][0])
    assert found[1] == expected[1]
    assert torch.equal(found[0].cpu(), expected[0])


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
@pytest.mark.parametrize("targeted", [False, True])
def test_scan(name, targeted, standard, few):
    settings = make_settings(name, **FEW.get(name, {}))
    label = 3 if targeted else 7
    found, expected = both(
        lambda device, image: scan(standard[device], image, label, targeted=targeted, attack=settings), few[0][0]
    )
    assert found.flip_epsilon == expected.flip_epsilon
    assert (found.images == expected.images).all()
    assert (found.probabilities == expected.probabilities).all()


def test_sweep(standard, mnist_test):
    images, labels = mnist_test[0][:200], mnist_test[1][:200]
    found, expected = (sweep(standard[device], images, labels, batch_size=100) for device in ("cuda", "cpu"))
    assert (found.flips == expected.flips).all()
    assert (found.first_flips == expected.first_flips).all()
    assert [example.index for row in found.examples for example in row] == [
        example.index for row in expected.examples for example in row
    ]


def test_what_a_network_is_worth(standard, few):
    found, expected = both(lambda device, images, labels: confusion(standard[device], images, labels), *few)
    assert torch.equal(found, expected)
    probabilities, expected = both(lambda device, images, _: predict(standard[device], images), *few)
    assert torch.equal(probabilities.cpu(), expected)


@pytest.mark.parametrize("method", ["intervals", "crown"])
def test_proofs(method, few):
    """Of a network on CUDA a copy is proved, on the CPU."""
    networks = {device: load_checkpoint(CERTIFIED_CHECKPOINT, device)[0] for device in ("cuda", "cpu")}
    images, labels = few[0][:2], few[1][:2]
    found, expected = both(
        lambda device, image: certified_epsilon(networks[device], image, int(labels[0]), method=method), images[0]
    )
    assert found == expected > 0.1
    found, expected = both(
        lambda device, *inputs: list(certified_stream(networks[device], *inputs, [0.3, 0.1], method=method)),
        images, labels,
    )  # fmt: skip
    assert (found[-1].certified == expected[-1].certified).all()
    assert found[-1].correct[1] == 2
    assert next(networks["cuda"].parameters()).is_cuda


@pytest.mark.parametrize("name", mistakes.MISTAKES)
def test_mistakes(name, standard, mnist_test, monkeypatch):
    monkeypatch.setattr(mistakes, "IMAGES", 20)
    monkeypatch.setattr(mistakes, "FEW_IMAGES", 2)
    monkeypatch.setattr(mistakes, "STEPS", 2)
    monkeypatch.setattr(mistakes, "pgd", partial(pgd, steps=3))
    monkeypatch.setattr(mistakes, "square", lambda *inputs: square(*inputs, queries=5))
    some = mnist_test[0][:80], mnist_test[1][:80]
    found, expected = both(lambda device, *inputs: mistakes.compare(name, standard[device], *inputs), *some)
    assert found.rows == expected.rows
    assert found.reads == expected.reads


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments(name, mnist_test, monkeypatch):
    def short_scan(*inputs, attack):
        return scan(*inputs, epsilons=(0.0, 0.1, 0.3), attack=make_settings(attack, **FEW.get(attack, {})))

    monkeypatch.setattr(experiments, "scan", short_scan)
    monkeypatch.setattr(experiments, "certified_epsilon", partial(certified_epsilon, method="intervals"))
    monkeypatch.setattr(experiments, "pgd", partial(pgd, steps=3))
    monkeypatch.setattr(experiments, "NOISE_IMAGES", 20)
    monkeypatch.setattr(experiments, "TRANSFER_IMAGES", 2)
    row = EXPERIMENTS[name]
    networks = {
        device: {key: load_checkpoint(PATHS[key], device)[0] for key in row.needs} for device in ("cuda", "cpu")
    }
    some = mnist_test[0][:250], mnist_test[1][:250]
    found, expected = both(lambda device, *inputs: row.run(networks[device], *inputs, row.index), *some)
    assert found == expected
