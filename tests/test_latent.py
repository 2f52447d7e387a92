import pytest
import torch
from torch import nn
from torch.nn import functional as F

from advdemo.attacks.latent import STEPS, SURE, search_latents
from advdemo.networks.generator import LATENT, plane, round_latents
from advdemo.networks.predict import predict
from advdemo.ui.service.pairs import load_pairs
from tests.conftest import CHECKPOINT


@pytest.fixture(scope="module")
def pair():
    return load_pairs(CHECKPOINT.parent).shipped["shipped"]


def search(pair, model, digit, seed, **options):
    digits = torch.tensor([digit])
    start = plane(seed, torch.zeros(1, 2))
    return list(search_latents(lambda latents: pair.generator(latents, digits), model, digit, start, **options))


def test_the_network_misreads_what_the_generator_draws_from_the_latent_found(pair, lenet):
    found = 0
    for digit in range(10):
        steps = search(pair, lenet, digit, seed=4, rounded=round_latents)
        *way, end = steps
        assert not any(step.fooled for step in way)
        assert len(steps) <= STEPS + 1
        assert torch.equal(end.latent, round_latents(end.latent))
        image = pair.generator(end.latent, torch.tensor([digit]))
        probabilities = predict(lenet, image)[0]
        assert torch.allclose(image, end.image)
        assert torch.allclose(probabilities, end.probabilities, atol=1e-6)
        assert end.fooled == bool(probabilities[torch.arange(10) != digit].max() > SURE)
        found += end.fooled
        if end.fooled:  # at one half the digit would merely be ambiguous
            assert probabilities[torch.arange(10) != digit].max() > 0.8
    assert found >= 8


def test_the_search_begins_where_it_is_told_and_stays_near(pair, lenet):
    steps = search(pair, lenet, 3, seed=1)
    assert torch.equal(steps[0].latent, plane(1, torch.zeros(1, 2)))
    moved = (steps[-1].latent - steps[0].latent).norm()
    assert 0 < moved < LATENT**0.5  # two latents are some 11 apart


@pytest.mark.slow
def test_doubt_keeps_digits_real(pair, lenet):
    def realness(digit, weight):
        def doubt(images):
            return weight * F.softplus(-pair.discriminator(images, torch.tensor([digit])))

        end = search(pair, lenet, digit, 2, doubt=doubt)[-1].image
        return float(pair.discriminator(end, torch.tensor([digit])))

    assert sum(realness(d, 20.0) for d in range(5)) > sum(realness(d, 0.0) for d in range(5))


def test_a_network_that_cannot_be_fooled_ends_the_search(pair):
    class Sure(nn.Module):
        def forward(self, images):
            return images.sum() * 0 + F.one_hot(torch.tensor([3]), 10) * 50.0

    steps = search(pair, Sure(), 3, seed=0)
    assert len(steps) == STEPS + 1
    assert not steps[-1].fooled
