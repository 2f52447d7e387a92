import base64

import numpy as np
import pytest
import torch
from advdemo.ui.explore import answer
from advdemo.ui.forger import EDGE, REACH, Pairs, load_pairs, parse_order
from advdemo.ui.models import Models
from advdemo.ui.replies import RefusalError

from advdemo.networks.generator import LATENT, PER_UNIT, plane, round_latents
from tests.conftest import CHECKPOINT

ORDER = {"digit": 3, "seed": 5, "place": [20, -10]}


@pytest.fixture(scope="module")
def pair():
    return load_pairs(CHECKPOINT.parent).shipped["shipped"]


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


def test_an_order_names_one_digit(pair):
    image, realness = pair.draw(parse_order(ORDER))
    assert image.shape == (1, 28, 28)
    assert torch.allclose(image * 255, (image * 255).round(), atol=1e-4)
    latent = plane(5, torch.tensor([[20.0, -10.0]]) * REACH / EDGE)
    digits = torch.tensor([3])
    assert (pair.generator(latent, digits)[0] - image).abs().max() < 0.51 / 255 + 1e-6
    assert realness == pytest.approx(float(pair.discriminator(image[None], digits).sigmoid()), abs=1e-6)
    others = [{"digit": 4}, {"seed": 6}, {"place": [20, -11]}]
    assert not any(torch.equal(image, pair.draw(parse_order(ORDER | other))[0]) for other in others)


def test_a_found_digit_is_the_middle_of_its_plane(pair):
    centre = np.arange(-32, 32, dtype=np.int8)
    order = parse_order({"digit": 8, "seed": 1, "centre": base64.b64encode(centre.tobytes()).decode()})
    assert np.array_equal(order.latent()[0].numpy() * PER_UNIT, centre)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (None, "class, a seed and a place"),
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
def test_odd_orders_are_refused_by_name(order, names):
    with pytest.raises(RefusalError, match="digit|seed|place") as refusal:
        parse_order(order)
    assert names in str(refusal.value)


def test_a_generated_digit_is_attacked_as_what_was_asked_for(lenet, mnist_test, pair):
    models = Models({"standard": lenet})
    reply = answer(models, *mnist_test, {"generated": ORDER}, pairs=Pairs({"shipped": pair}))
    image, realness = pair.draw(parse_order(ORDER))
    assert (reply["label"], reply["label_source"], reply["realness"]) == (3, "asked", realness)
    assert np.array_equal(reply["image"], (image[0] * 255).round().byte().numpy())
    assert answer(models, *mnist_test, {"generated": ORDER, "label": 8}, pairs=Pairs({"shipped": pair}))["label"] == 8
    with pytest.raises(RefusalError, match="no generator"):
        answer(models, *mnist_test, {"generated": ORDER})


def test_a_missing_or_foreign_file_means_no_pair(tmp_path, capsys):
    assert load_pairs(tmp_path).shipped == {}
    (tmp_path / "generator.safetensors").write_bytes(CHECKPOINT.read_bytes())
    assert load_pairs(tmp_path).shipped == {}
    assert "git checkout" in capsys.readouterr().err
