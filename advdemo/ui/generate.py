"""Digits to order in the Explore tab: the GAN's forger draws them, its detective says how real they look."""

import base64
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from advdemo.attacks.latent import search_latents
from advdemo.images.picture import as_bytes
from advdemo.networks.generator import PER_UNIT, generate, round_latents
from advdemo.networks.predict import classify
from advdemo.ui.forger import EDGE, Order, Pair, parse_order, whole_greys
from advdemo.ui.lanes import Superseded
from advdemo.ui.replies import SupersededError
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor

GRID = 15  # frames to a side of the plane that is shown


async def latent_grid(service: Service, visitor: Visitor, question: dict) -> dict:
    """All of the plane that an order lies on: {"frames": uint8 (GRID * GRID, 28, 28), row by row from the top left
    corner, "realness": float32 (GRID * GRID,)}."""
    pair, order = service.pairs.pick(question), parse_order(question.get("generated"))

    def work(superseded: Superseded) -> dict:
        steps = torch.linspace(-EDGE, EDGE, GRID)
        places = torch.cartesian_prod(steps, steps).flip(1)  # x runs fastest
        digits = torch.full((len(places),), order.digit)
        images = whole_greys(generate(pair.generator, digits, latent=order.latents(places)))
        return {"frames": as_bytes(images[:, 0]), "realness": pair.opinion(images, order.digit).cpu().numpy()}

    return await service.slow.run(visitor, "latents", work)


async def find_fooling(service: Service, visitor: Visitor, question: dict) -> dict:
    """A search from the digit of an order for one that a network ("model", "weights") misreads: {"fooled", "centre":
    base64 of the last latent, "label": what the network reads at the end, "second": what another network reads,
    "judge": its name, "frames": uint8 (N, 28, 28), the way there, "shares": float32 (N, 2), the network's confidence in
    what was asked for and in the strongest other class}."""
    pair, order = service.pairs.pick(question), parse_order(question.get("generated"))
    network = service.models.pick(question.get("model"), question.get("weights"))
    judge = next((name for name, model in service.models.shipped.items() if model is not network), None)
    return await service.slow.run(visitor, "fool", partial(_search, service, pair, order, network, judge))


def _search(
    service: Service, pair: Pair, order: Order, network: nn.Module, judge: str | None, superseded: Superseded
) -> dict:
    digits = torch.tensor([order.digit], device=service.models.device)
    frames, shares = [], []
    for step in search_latents(
        lambda latents: pair.generator(latents, digits),
        network,
        order.digit,
        order.latent().to(service.models.device),
        doubt=lambda images: F.softplus(-pair.discriminator(images, digits)),
        rounded=round_latents,
    ):
        if superseded():
            raise SupersededError("errors.superseded")
        frames.append(as_bytes(step.image[0, 0]))
        asked = float(step.probabilities[order.digit])
        others = step.probabilities.clone()
        others[order.digit] = 0
        shares.append((asked, float(others.max())))
    image = whole_greys(step.image)
    return {
        "fooled": step.fooled,
        "centre": base64.b64encode((step.latent[0] * PER_UNIT).round().to(torch.int8).cpu().numpy().tobytes()).decode(),
        "label": int(classify(network, image)[0]),
        "second": int(classify(service.models.shipped[judge], image)[0]) if judge else None,
        "judge": judge,
        "frames": np.stack(frames),
        "shares": np.array(shares, np.float32),
    }
