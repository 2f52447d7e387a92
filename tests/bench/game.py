"""How soon the live game of the GAN tab draws digits that can be read: `python -m tests.bench.game`, two minutes.

From nothing, three seeds: seconds of one CPU thread until LeNet reads 80 of 100 forgeries as asked, and the time of a
step. Then how soon a greedy forger's digits collapse.

    python -m tests.bench.game --write    # also makes the half-way pair, and the curves that the tab opens with
"""

import argparse
import json
import time
from collections.abc import Callable
from statistics import median

import torch

from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint, save_checkpoint
from advdemo.training.pair import halved
from advdemo.ui.jobs.game import LIVE, Start, View, open_game, recipe_under, seen
from advdemo.ui.requests import GameSettings
from advdemo.ui.tabs.records import DRAWN, GAME
from tests.conftest import CHECKPOINT

READ, COLLAPSED = 0.8, 0.5
HALFWAY = 0.5  # read as asked
MOST = 120  # seconds
EVERY = 5  # steps from one view to the next
KEPT, APART = 1000, 20  # steps of the game whose curves are kept


def play_until(enough: Callable[[dict], bool], seed: int, settings: GameSettings) -> tuple:
    """(seconds, game, views) of a game from nothing, looked at every five steps."""
    device = torch.device("cpu")
    game = open_game(Start(None), seed, device)
    game.recipe = recipe_under(settings, LIVE.learning_rate)
    images, labels = load_mnist("train")
    view = View(load_checkpoint(CHECKPOINT, "cpu")[0], device)
    started = time.process_time()
    views = []
    while True:
        batch = torch.randint(len(images), (LIVE.batch_size,), generator=game.random)
        game.step(images[batch], labels[batch], who=settings.who)
        seconds = time.process_time() - started
        if game.steps % EVERY == 0:
            views.append(seen(view, game))
            told = game.steps >= 25  # before, all is alike: it is noise
            if (told and enough(views[-1])) or seconds > MOST:
                return seconds, game, views


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.game", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="make the half-way pair")
    options = parser.parse_args()
    torch.set_num_threads(1)
    readable = []
    for seed in range(3):
        seconds, game, _ = play_until(lambda view: view["read"] >= READ, seed, GameSettings())
        readable.append(seconds)
        print(f"seed {seed}: {READ:.0%} read as asked after {seconds:.1f} s, {game.steps} steps", flush=True)
    print(
        f"median {median(readable):.1f} s; a step and a twentieth of the pictures {1000 * seconds / game.steps:.0f} ms"
    )
    for seed in range(3):
        seconds, game, views = play_until(
            lambda view: view["read"] > 0.3 and view["variety"] < COLLAPSED, seed, GameSettings(greedy=True)
        )
        last = views[-1]
        print(
            f"greedy, seed {seed}: variety {last['variety']:.2f} after {seconds:.1f} s, {game.steps} steps; "
            f"D(real) {last['real']:.2f}, D(fake) {last['fake']:.2f}",
            flush=True,
        )
    if options.write:
        write_halfway()
        write_curves()


def write_halfway() -> None:
    _, game, views = play_until(lambda view: view["read"] >= HALFWAY, 0, GameSettings())
    for kind, network in {"generator": game.generator, "discriminator": game.discriminator}.items():
        record = {"kind": kind, "recipe": "live", "seed": 0, "steps": game.steps, "read": round(views[-1]["read"], 2)}
        save_checkpoint(halved(network), CHECKPOINT.with_name(f"{kind}-halfway.safetensors"), record)


def write_curves() -> None:
    *_, views = play_until(lambda view: view["steps"] >= KEPT, 0, GameSettings())
    kept = [{name: round(view[name], 4) for name in DRAWN} for view in views if view["steps"] % APART == 0]
    GAME.write_text(json.dumps({"recipe": "live", "seed": 0, "views": kept}, indent=1) + "\n")


if __name__ == "__main__":
    main()
