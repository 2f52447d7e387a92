"""Replies to /follow/<name> that a test gives in the server's place, message by message: those of real work, done here
and small."""

import json
import math
from functools import cache

import pytest

from advdemo.images.mnist import load_mnist
from advdemo.training.recipes import pick_recipe
from advdemo.ui.jobs import game as games
from advdemo.ui.jobs import sweep as sweeps
from advdemo.ui.jobs import training as trainings
from advdemo.ui.requests import GameSettings
from tests.conftest import CHECKPOINT

ANSWER = """name => {
    const ask = window.fetch;
    window.begun = 0;
    window.fetch = (address, options) => {
        if (!String(address).endsWith(`/follow/${name}`)) return ask(address, options);
        window.begun += 1;
        window.asked = JSON.parse(options.body);
        const body = new ReadableStream({
            start(reply) {
                window.reply = reply;
                options.signal.addEventListener("abort", () => reply.error(options.signal.reason));
            },
        });
        return Promise.resolve(new Response(body));
    };
}"""
SAY = "lines => { for (const line of lines) window.reply.enqueue(new TextEncoder().encode(line + '\\n')); }"


class Replies:
    """Answers a page's requests to /follow/<name>, the newest one each time."""

    def __init__(self, page, name):
        self.page = page
        page.evaluate(ANSWER, name)

    def wait(self, count=1):
        """Until so many requests have come."""
        self.page.wait_for_function("count => window.begun >= count", arg=count)

    def asked(self):
        """What the newest one asks."""
        return self.page.evaluate("window.asked")

    def say(self, *messages):
        self.page.evaluate(SAY, [json.dumps(message) for message in messages])

    def end(self):
        self.page.evaluate("window.reply.close()")


@cache
def training(epochs=2, minutes=math.inf):
    """[the first step, then each epoch] of `quick` on 1,000 images."""
    images, labels = load_mnist("train")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainings, "load_mnist", lambda split: (images[:1200], labels[:1200]))
        patch.setattr(trainings, "HELD_OUT", 200)
        patch.setattr(trainings, "SECONDS_BETWEEN_UPDATES", 0)
        first, *others = trainings.train("quick", pick_recipe("quick", epochs=epochs, batch_size=50), 0, minutes)
    return [first, *(message for message in others if "epoch" in message["update"])]


@cache
def sweep(count=5000, epsilons=(0.0, 0.1, 0.2)):
    """Every partial result of a sweep by FGSM, which share their place with any other attack's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeps, "SECONDS_BETWEEN_UPDATES", 0)
        return list(sweeps.sweep(CHECKPOINT.read_bytes(), count, list(epsilons), "fgsm"))


@cache
def game(steps=3):
    """[the views of a game from nothing, and the pair in the end]."""
    messages = games.play(games.Start(None), GameSettings(), 0, steps, 10.0, CHECKPOINT.read_bytes())
    *views, end = (message for message in messages if message.keys() & {"update", "pair"})
    return [view["update"] for view in views], end["pair"]
