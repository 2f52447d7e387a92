"""Looking inside: the browser's LeNet against PyTorch's, and the weights that it is sent."""

import hashlib
import json
import shutil
import subprocess

import numpy as np
import pytest
import torch
from safetensors.torch import load
from torch import nn

from advdemo.attacks.fgsm import fgsm
from advdemo.networks.binarised import Binarised
from advdemo.networks.lenet import LeNet
from advdemo.ui.handlers.weights import keep_weights, weights_of
from advdemo.ui.requests import OfNetwork, parse
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.service import Service
from advdemo.ui.service.networks import Networks
from tests.conftest import ROOT
from tests.toolkits import every_number

IN_NODE = """
import { readFileSync } from "node:fs";
import { forward } from "./advdemo/ui/web/explore/inside/lenet.js";
const { parameters, images } = JSON.parse(readFileSync(0));
const weights = parameters.map((values) => Float32Array.from(values));
console.log(JSON.stringify(images.map((pixels) => forward(weights, pixels).map((values) => [...values]))));
"""


def sent(mnist_test, name="standard", **networks):
    """What the browser is sent of a network."""
    service = Service(Networks(networks), *mnist_test)
    return weights_of(service, parse(OfNetwork, {"network": name}, service.offered))["parameters"]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node; tests/test_web.py demands it in CI")
@pytest.mark.parametrize("name", ["lenet", "robust", "certified"])
def test_the_browser_s_lenet_is_pytorch_s(request, mnist_test, name):
    network = request.getfixturevalue(name)
    images, labels = mnist_test[0][:4], mnist_test[1][:4]
    images = torch.cat([images, fgsm(network, images, labels, 0.25), torch.zeros(1, 1, 28, 28)])
    parameters = sent(mnist_test, standard=network)
    question = {"parameters": [p.flatten().tolist() for p in parameters], "images": images.flatten(1).tolist()}
    command = ["node", "--input-type=module", "--eval", IN_NODE]
    run = subprocess.run(command, cwd=ROOT, input=json.dumps(question), capture_output=True, text=True, check=True)
    computed = json.loads(run.stdout)
    for place, expected in enumerate(every_number(network, images)):
        layer = np.array([values[place] for values in computed])
        assert layer.shape == expected.shape
        assert np.abs(layer - expected.numpy()).max() < 1e-4, place


def test_the_weights_are_the_network_s_and_few(lenet, robust, mnist_test):
    parameters = sent(mnist_test, "robust", standard=lenet, robust=robust)
    assert [p.dtype for p in parameters] == [np.float32] * 10
    assert sum(p.nbytes for p in parameters) == 4 * 61_706
    for values, own in zip(parameters, robust.parameters(), strict=True):
        assert np.array_equal(values, own.numpy())


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


def test_a_network_of_other_layers_is_told_so(lenet, mnist_test):
    class Steps(LeNet):
        def forward(self, images):
            return super().forward((images > 0.5).float())

    others = {"steps": Steps(), "mine": nn.Sequential(nn.Flatten(), nn.Linear(784, 10))}
    for name in ("steps", "mine"):
        with pytest.raises(RefusalError) as refusal:
            sent(mnist_test, name, standard=lenet, **others)
        assert (refusal.value.key, refusal.value.values) == ("inside.other_layers", {"network": name})
