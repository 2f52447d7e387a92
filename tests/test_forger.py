import base64

import numpy as np
import pytest
import torch

from advdemo.networks.generator import LATENT, PER_UNIT, plane, round_latents
from advdemo.ui.fields import EDGE
from advdemo.ui.handlers.scan import scan_sides
from advdemo.ui.requests import ScanRequest, parse
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.service import Service
from advdemo.ui.service.networks import Networks
from advdemo.ui.service.pairs import REACH, latent, load_pairs
from tests.conftest import CHECKPOINT

ORDER = {"digit": 3, "seed": 5, "place": [20, -10]}


@pytest.fixture
def pair(pairs):
    return pairs.shipped["shipped"]


def asked(service, order, **more):
    return parse(ScanRequest, {"generated": order} | more, service.offered)


def test_latents_are_standard_normal_everywhere_on_a_plane():
    places = torch.tensor([[0.0, 0.0], [1.2, -1.2], [-0.5, 0.1]])
    latents = torch.stack([plane(seed, places) for seed in range(2000)])  # (seeds, places, 64)
    assert latents.mean((0, 2)).abs().max() < 0.01
    assert (latents.std((0, 2)) - 1).abs().max() < 0.01


def test_neighbours_on_a_plane_are_alike_and_its_middle_can_be_chosen():
    near, far = (plane(0, torch.tensor([[0.0, 0.0], [step, 0.0]])) for step in (0.05, 1.2))
    assert (near[0] - near[1]).norm() < 1 < (far[0] - far[1]).norm()
    centre = torch.linspace(-1, 1, LATENT)
    assert torch.equal(plane(7, torch.zeros(1, 2), centre=centre)[0], centre)


def test_rounded_latents_fit_into_int8():
    latents = torch.tensor([[-9.0, 0.01, 0.02, 9.0]])
    assert torch.equal(round_latents(latents) * PER_UNIT, torch.tensor([[-127.0, 0.0, 1.0, 127.0]]))


def test_an_order_names_one_digit(pair, service):
    image, realness = pair.draw(asked(service, ORDER).generated)
    assert image.shape == (1, 28, 28)
    assert torch.allclose(image * 255, (image * 255).round(), atol=1e-4)
    here = plane(5, torch.tensor([[20.0, -10.0]]) * REACH / EDGE)
    digits = torch.tensor([3])
    assert (pair.generator(here, digits)[0] - image).abs().max() < 0.51 / 255 + 1e-6
    assert realness == pytest.approx(float(pair.discriminator(image[None], digits).sigmoid()), abs=1e-6)
    others = [{"digit": 4}, {"seed": 6}, {"place": [20, -11]}]
    assert not any(torch.equal(image, pair.draw(asked(service, ORDER | other).generated)[0]) for other in others)


def test_a_found_digit_is_the_middle_of_its_plane(service):
    centre = np.arange(-32, 32, dtype=np.int8)
    found = asked(service, {"digit": 8, "seed": 1, "centre": base64.b64encode(centre.tobytes()).decode()})
    assert np.array_equal(latent(found.generated)[0].numpy() * PER_UNIT, centre)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ([], "class, a seed and a place"),
        ({}, "None"),
        (ORDER | {"digit": 10}, "10"),
        (ORDER | {"digit": True}, "True"),
        (ORDER | {"seed": -1}, "-1"),
        (ORDER | {"seed": 2**32}, str(2**32)),
        (ORDER | {"place": [51, 0]}, "51"),
        (ORDER | {"place": [1]}, "[1]"),
        (ORDER | {"place": "left"}, "left"),
        (ORDER | {"centre": "AAAA"}, "search again"),
        (ORDER | {"centre": 4}, "search again"),
    ],
)
def test_odd_orders_are_refused_by_name(service, order, names):
    with pytest.raises(RefusalError, match="digit|seed|place") as refusal:
        asked(service, order)
    assert names in str(refusal.value)


def test_a_generated_digit_is_attacked_as_what_was_asked_for(service, lenet, mnist_test, pair):
    reply = scan_sides(service, asked(service, ORDER))
    image, realness = pair.draw(asked(service, ORDER).generated)
    assert (reply["label"], reply["label_source"], reply["realness"]) == (3, "asked", realness)
    assert np.array_equal(reply["image"], (image[0] * 255).round().byte().numpy())
    assert scan_sides(service, asked(service, ORDER, label=8))["label"] == 8
    alone = Service(Networks({"standard": lenet}), *mnist_test)
    with pytest.raises(RefusalError, match="no generator"):
        scan_sides(alone, asked(alone, ORDER))


def test_a_missing_or_foreign_file_means_no_pair(tmp_path, capsys):
    assert load_pairs(tmp_path).shipped == {}
    (tmp_path / "generator.safetensors").write_bytes(CHECKPOINT.read_bytes())
    assert load_pairs(tmp_path).shipped == {}
    assert "git checkout" in capsys.readouterr().err
