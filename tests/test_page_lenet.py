"""LeNet in the page against PyTorch: every number of it, its gradients, its scans, PGD, its proofs, and the
weights that it is sent."""

import hashlib
import json
import shutil
import subprocess

import numpy as np
import pytest
import torch
from safetensors.torch import load, save_file
from torch import nn

from advdemo.attacks.fgsm import fgsm, logits_and_gradient, perturb
from advdemo.attacks.noise import random_sign
from advdemo.attacks.pgd import pgd
from advdemo.images.greys import as_bytes
from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.linear_bounds import linear_margins
from advdemo.measures.scan import EPSILONS, scan
from advdemo.networks.binarised import Binarised
from advdemo.networks.intervals import margins, pixel_box
from advdemo.ui.handlers.weights import keep_weights
from advdemo.ui.service import Service
from advdemo.ui.service.networks import Networks
from tests.conftest import ROOT
from tests.toolkits import every_number

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node; tests/test_web.py demands it in CI")
STEPS = (1, 23, 58)  # of the slider, at which all images are compared
SCANNED = 20  # one image of so many is scanned whole


def in_node(tmp_path, program, network, **arrays):
    """What tests/web/`program` prints of a network's parameters and other arrays."""
    arrays |= dict(network.named_parameters())
    save_file({key: value.contiguous() for key, value in arrays.items()}, tmp_path / "in")
    command = ["node", f"tests/web/{program}", str(tmp_path / "in")]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


@needs_node
@pytest.mark.parametrize("name", ["lenet", "robust", "certified"])
def test_every_number_is_pytorch_s(request, mnist_test, tmp_path, name):
    network = request.getfixturevalue(name)
    images, labels = mnist_test[0][:4], mnist_test[1][:4]
    images = torch.cat([images, fgsm(network, images, labels, 0.25), torch.zeros(1, 1, 28, 28)])
    computed = in_node(tmp_path, "every_number.mjs", network, pixels=images)
    for place, expected in enumerate(every_number(network, images)):
        layer = np.array([values[place] for values in computed])
        assert layer.shape == expected.shape
        assert np.abs(layer - expected.numpy()).max() < 1e-4, place


@needs_node
@pytest.mark.parametrize("name", ["lenet", "robust", "certified"])
def test_a_scan_is_python_s(request, mnist_test, tmp_path, name):
    network = request.getfixturevalue(name)
    images, labels = mnist_test[0][:100], mnist_test[1][:100]
    _, gradient = logits_and_gradient(network, images, labels)
    signs = gradient.sign()
    computed = in_node(
        tmp_path,
        "scan.mjs",
        network,
        images=torch.from_numpy(as_bytes(images)),
        labels=labels.byte(),
        signs=signs.to(torch.int8),
        noise=random_sign(images).to(torch.int8),
        steps=torch.tensor(STEPS, dtype=torch.uint8),
        scanned=torch.tensor([SCANNED], dtype=torch.uint8),
    )
    assert computed["otherNoise"] == 0

    size = gradient.abs().amax((1, 2, 3), keepdim=True)
    other = torch.tensor(computed["signs"], dtype=torch.float32).view_as(signs) != signs
    # What is left are pooling windows whose two largest values are within rounding.
    assert (other & (gradient.abs() > 1e-3 * size)).float().mean() < 5e-4
    assert other.float().mean() < 5e-3

    for place, step in enumerate(STEPS):
        with torch.no_grad():
            expected = network(perturb(images, signs, EPSILONS[step])).softmax(1)
        found = torch.tensor([shares[place] for shares in computed["probabilities"]])
        assert (found - expected).abs().max() < 1e-5, step

    for place, flip in enumerate(computed["flips"]):
        index = SCANNED * place
        expected = scan(network, images[index], int(labels[index])).flip_epsilon
        assert flip == expected if expected is None else flip == pytest.approx(expected, abs=1.01e-4), index


@needs_node
@pytest.mark.parametrize(("name", "targeted"), [("lenet", False), ("robust", True)])
def test_pgd_is_python_s(request, mnist_test, tmp_path, name, targeted):
    network = request.getfixturevalue(name)
    images, labels = mnist_test[0][:24], mnist_test[1][:24]
    goals = (labels + 1) % 10 if targeted else labels
    epsilons = torch.linspace(0, 0.3, 24)
    arrays = {"images": images, "goals": goals.byte(), "targeted": torch.tensor([targeted]).byte()}
    computed = in_node(tmp_path, "pgd.mjs", network, epsilons=epsilons, **arrays)
    expected = pgd(network, images, goals, epsilons.view(-1, 1, 1, 1), targeted=targeted)
    found = torch.tensor([each["found"] for each in computed]).view_as(expected)
    now = torch.tensor([each["now"] for each in computed])
    # A gradient that is zero but for rounding has either sign, and the steps after it see another image.
    assert ((found - expected).abs() > 1e-6).float().mean() < 0.03
    assert (found - images).abs().amax((1, 2, 3)).le(epsilons + 1e-6).all()
    with torch.no_grad():
        assert (now - network(found).softmax(1)).abs().max() < 1e-5
        assert (now - network(expected).softmax(1)).abs().max() < 0.01


@needs_node
@pytest.mark.parametrize(("name", "epsilon"), [("lenet", 0.01), ("robust", 0.03), ("certified", 0.2)])
def test_a_proof_is_python_s(request, mnist_test, tmp_path, name, epsilon):
    network = request.getfixturevalue(name)
    images, labels = mnist_test[0][3:7], mnist_test[1][3:7].clone()
    labels[-1] = (labels[-1] + 1) % 10  # misread: nothing is certified
    computed = in_node(
        tmp_path, "certify.mjs", network, images=images, labels=labels.byte(), epsilon=torch.tensor([epsilon])
    )
    by_intervals = margins(network, pixel_box(images, epsilon), labels)
    for i, found in enumerate(computed):
        label = int(labels[i])
        assert found["certified"] == pytest.approx(certified_epsilon(network, images[i], label), abs=1.01e-4), i
        crown = float(linear_margins(network, images[i], epsilon, label).min())
        assert found["crown"] == pytest.approx(crown, rel=1e-5, abs=1e-5), i
        others = [k for k in range(10) if k != label]
        assert found["intervals"] == pytest.approx(float(by_intervals[i, others].min()), rel=2e-6), i
    assert computed[-1]["certified"] == 0 < computed[0]["certified"]


def test_each_lenet_s_weights_are_kept_at_an_address_that_names_them(lenet, robust, mnist_test):
    shipped = {"standard": lenet, "robust": robust, "binarised": Binarised(lenet), "mine": nn.Sequential(nn.Flatten())}
    service = Service(Networks(shipped), *mnist_test)
    addresses = keep_weights(service)
    assert list(addresses) == ["standard", "robust"]
    for name, address in addresses.items():
        content = service.kept.respond(address.rpartition("/")[2]).body
        assert address == f"web/kept/{hashlib.sha256(content).hexdigest()}.safetensors"
        parameters = load(content)
        assert parameters.keys() == shipped[name].state_dict().keys()
        assert all(torch.equal(parameters[key], value) for key, value in shipped[name].state_dict().items())
