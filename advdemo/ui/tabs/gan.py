"""The GAN tab: watch the game of generator and discriminator, and play it."""

import json

from advdemo.images.greys import as_bytes
from advdemo.training.gan import LIVE
from advdemo.ui.component import component
from advdemo.ui.jobs import game
from advdemo.ui.requests import STARTS
from advdemo.ui.server.replies import as_text
from advdemo.ui.service import Service
from advdemo.ui.settings import training_enabled
from advdemo.ui.tabs.records import example_game


def gan_tab(service: Service) -> None:
    """Build the tab."""
    pair = service.pairs.shipped.get("shipped")
    view = game.View(service.networks.shipped["standard"], service.networks.device)
    real = as_bytes(view.real[: game.REAL_SHOWN, 0])
    setup = {
        "enabled": training_enabled(),
        "starts": [start for start in STARTS[:3] if start == "nothing" or start in service.pairs.shipped],
        "batch": LIVE.batch_size,
        "shown": game.SHOWN,
        "greed": game.GREED,
        "giant": game.GIANT,
        "real": as_text(real),
        "example": example_game(),
        "first": view.of(pair.generator, pair.discriminator) if pair else None,
    }
    component("gan", setup=json.dumps(setup))
