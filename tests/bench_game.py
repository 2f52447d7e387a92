"""How soon the live game of the GAN tab draws digits that can be read: `python -m tests.bench_game`, two minutes.

From nothing, three seeds: seconds of one CPU thread until LeNet reads 80 of 100 forgeries as asked, and the time of a
step. Then how soon a greedy forger's digits collapse.

    python -m tests.bench_game --write    # also makes the half-way pair that is shipped
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import torch

from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint, save_checkpoint
from advdemo.training.pair import halved
from advdemo.ui.play import LIVE, Settings, Start, View, open_game
from tests.conftest import CHECKPOINT

READ, COLLAPSED = 0.8, 0.5
HALFWAY = 0.5  # read as asked
MOST = 120  # seconds


def play_until(enough: Callable[[dict], bool], seed: int, settings: Settings) -> tuple:
    """(seconds, game, last view) of a game from nothing, looked at every five steps."""
    device = torch.device("cpu")
    game = open_game(Start(None), seed, device)
    game.recipe = settings.recipe(LIVE.learning_rate)
    images, labels = load_mnist("train")
    view = View(load_checkpoint(CHECKPOINT, "cpu")[0], device)
    started = time.process_time()
    while True:
        batch = torch.randint(len(images), (LIVE.batch_size,), generator=game.random)
        turn = game.step(images[batch], labels[batch], who=settings.who)
        seconds = time.process_time() - started
        if game.steps % 5 == 0 and game.steps >= 25:  # before, all is alike: it is noise
            seen = view.of(game.generator, game.discriminator) | vars(turn)
            if enough(seen) or seconds > MOST:
                return seconds, game, seen


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench_game", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="make the half-way pair")
    options = parser.parse_args()
    torch.set_num_threads(1)
    readable = []
    for seed in range(3):
        seconds, game, _ = play_until(lambda seen: seen["read"] >= READ, seed, Settings())
        readable.append(seconds)
        print(f"seed {seed}: {READ:.0%} read as asked after {seconds:.1f} s, {game.steps} steps", flush=True)
    print(
        f"median {median(readable):.1f} s; a step and a twentieth of the pictures {1000 * seconds / game.steps:.0f} ms"
    )
    for seed in range(3):
        seconds, game, seen = play_until(
            lambda seen: seen["read"] > 0.3 and seen["variety"] < COLLAPSED, seed, Settings(greedy=True)
        )
        print(
            f"greedy, seed {seed}: variety {seen['variety']:.2f} after {seconds:.1f} s, {game.steps} steps; "
            f"D(real) {seen['real']:.2f}, D(fake) {seen['fake']:.2f}",
            flush=True,
        )
    if options.write:
        _, game, seen = play_until(lambda seen: seen["read"] >= HALFWAY, 0, Settings())
        for kind, network in {"generator": game.generator, "discriminator": game.discriminator}.items():
            record = {"kind": kind, "recipe": "live", "seed": 0, "steps": game.steps, "read": round(seen["read"], 2)}
            save_checkpoint(halved(network), CHECKPOINT.with_name(f"{kind}-halfway.safetensors"), record)


if __name__ == "__main__":
    main()
