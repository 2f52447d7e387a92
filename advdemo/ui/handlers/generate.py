"""Generated digits in Explore: a GAN's generator draws them, its discriminator rates how real they look."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from advdemo.attacks.latent import search_latents
from advdemo.images.greys import as_bytes
from advdemo.networks.generator import PER_UNIT, generate, round_latents
from advdemo.networks.predict import classify
from advdemo.ui.fields import EDGE
from advdemo.ui.requests import PlaneRequest, SearchRequest
from advdemo.ui.server.replies import as_text
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.pairs import latent, latents, whole_greys
from advdemo.ui.work.threads import Check

GRID = 15  # frames to a side of the plane that is shown


async def latent_plane(service: Service, visitor: Visitor, request: PlaneRequest) -> dict[str, Any]:
    """All of the plane that a digit lies on: {"frames": uint8 (GRID * GRID, 28, 28), row by row from the top left
    corner, "realness": float32 (GRID * GRID,)}."""

    def work(_: Check) -> dict[str, Any]:
        pair, order = service.pairs.pick(request), request.generated
        steps = torch.linspace(-EDGE, EDGE, GRID)
        places = torch.cartesian_prod(steps, steps).flip(1)  # x runs fastest
        digits = torch.full((len(places),), order.digit)
        images = whole_greys(generate(pair.generator, digits, latent=latents(order, places)))
        return {"frames": as_bytes(images[:, 0]), "realness": pair.opinion(images, order.digit).cpu().numpy()}

    return await service.slow.run(visitor, "latents", work)


async def find_fooling(service: Service, visitor: Visitor, request: SearchRequest) -> dict[str, Any]:
    """`search` in the slow threads."""
    return await service.slow.run(visitor, "fool", lambda check: search(service, request, check))


def search(service: Service, request: SearchRequest, check: Check = lambda: None) -> dict[str, Any]:
    """A search from a generated digit for one that the network misreads: {"fooled", "centre": base64 of the last
    latent, "label": what the network reads at the end, "second": what another network reads, "judge": its name,
    "frames": uint8 (N, 28, 28), the way there, "shares": float32 (N, 2), the network's confidence in what was asked for
    and in the strongest other class}."""
    pair, order = service.pairs.pick(request), request.generated
    network = service.networks.pick(request.network, request.weights)
    shipped = service.networks.shipped
    judge = next((name for name, other in shipped.items() if other is not network), None)
    digits = torch.tensor([order.digit], device=service.networks.device)
    frames, shares = [], []
    for step in search_latents(
        lambda latents: pair.generator(latents, digits),
        network,
        order.digit,
        latent(order).to(service.networks.device),
        doubt=lambda images: F.softplus(-pair.discriminator(images, digits)),
        rounded=round_latents,
    ):
        check()
        frames.append(as_bytes(step.image[0, 0]))
        asked = float(step.probabilities[order.digit])
        others = step.probabilities.clone()
        others[order.digit] = 0
        shares.append((asked, float(others.max())))
    image = whole_greys(step.image)
    return {
        "fooled": step.fooled,
        "centre": as_text((step.latent[0] * PER_UNIT).round().to(torch.int8).cpu().numpy()),
        "label": int(classify(network, image)[0]),
        "second": int(classify(shipped[judge], image)[0]) if judge else None,
        "judge": judge,
        "frames": np.stack(frames),
        "shares": np.array(shares, np.float32),
    }
