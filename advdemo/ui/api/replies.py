"""Replies to programs, as plain JSON values; the endpoints beside this file say what is in them."""

from typing import Any

import torch
from torch import Tensor, nn

from advdemo.attacks import ATTACKS, FGSM, make_settings
from advdemo.measures.scan import scan
from advdemo.networks.generator import generate
from advdemo.networks.predict import predict
from advdemo.ui.handlers.proof import proved_epsilon
from advdemo.ui.requests import AttackCall, GenerateCall, OfPair, PredictCall, ScanCall
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service
from advdemo.ui.service.digits import Digit, Watched, find_aim, read_digit
from advdemo.ui.service.pairs import whole_greys
from advdemo.ui.service.pictures import as_png, as_rows, change_as_png
from advdemo.ui.words import say
from advdemo.ui.work.threads import Check, Threads

Reply = dict[str, Any]


async def predict_digit(service: Service, visitor: Visitor, call: PredictCall) -> Reply:
    """What a network reads."""

    def work(_: Check) -> Reply:
        digit, network = _read(service, call)
        probabilities = predict(network, digit.image[None])[0]
        reply = _reading(probabilities) | {"probabilities": _round(probabilities)} | _notes(digit)
        return reply | _show(call, image=digit.image)

    return await service.quick.run(visitor, "api", work)


async def attack_digit(service: Service, visitor: Visitor, call: AttackCall) -> Reply:
    """One attack at one epsilon."""

    def work(check: Check) -> Reply:
        digit, network = _read(service, call)
        aim, targeted = _aim(network, digit, call.target)
        goal, batch = torch.tensor([aim], device=digit.image.device), digit.image[None]
        run = Watched(network, check)
        prepared = make_settings(call.attack).prepare(run, batch, goal, targeted=targeted, seed=call.seed)
        adversarial = prepared.at(call.epsilon)
        after = predict(network, adversarial)[0]
        change = adversarial - batch
        return {
            "fooled": (int(after.argmax()) == aim) == targeted,
            **_known(digit, call.target),
            "before": _reading(prepared.logits.softmax(1)[0]),
            "after": _reading(after),
            "largest_change": round(float(change.abs().max()), 6),
            "perturbation": change_as_png(change),
            **_show(call, original=digit.image, adversarial=adversarial),
        }

    return await _threads(service, call.attack).run(visitor, "api", work)


async def scan_epsilons(service: Service, visitor: Visitor, call: ScanCall) -> Reply:
    """One attack at every epsilon."""

    def work(check: Check) -> Reply:
        digit, network = _read(service, call)
        aim, targeted = _aim(network, digit, call.target)
        run = Watched(network, check)
        result = scan(run, digit.image, aim, targeted=targeted, attack=call.attack, seed=call.seed)
        epsilons, reads = result.epsilons.tolist(), result.probabilities.argmax(1).tolist()
        changes = [i for i in range(len(reads)) if i == 0 or reads[i] != reads[i - 1]]
        hit = next((i for i, read in enumerate(reads) if (read == aim) == targeted), None)
        fooling = None
        if hit is not None:
            reading = _reading(torch.from_numpy(result.probabilities[hit]))
            fooling = {"epsilon": epsilons[hit]} | reading | {"image": as_png(result.images[hit])}
        reply = {
            "flip": result.flip_epsilon,
            **_known(digit, call.target),
            "reads": [{"from": epsilons[i], "prediction": reads[i]} for i in changes],
            "fooling": fooling,
            **_show(call, original=digit.image),
        }
        if call.arrays:
            reply["arrays"] |= {"epsilons": epsilons, "probabilities": result.probabilities.round(6).tolist()}
        return reply

    return await _threads(service, call.attack).run(visitor, "api", work)


async def generate_digits(service: Service, visitor: Visitor, call: GenerateCall) -> Reply:
    """Generated digits."""
    pair = service.pairs.pick(OfPair())

    def work(_: Check) -> Reply:
        images = whole_greys(generate(pair.generator, torch.full((call.count,), call.digit), seed=call.seed))
        reads = predict(service.networks.shipped["standard"], images.to(service.networks.device)).argmax(1)
        reply: Reply = {
            "digit": call.digit,
            "images": [as_png(image) for image in images],
            "realness": _round(pair.opinion(images, call.digit)),
            "predictions": reads.tolist(),
        }
        return reply | ({"arrays": {"images": [as_rows(image) for image in images]}} if call.arrays else {})

    return await service.slow.run(visitor, "api", work)


async def certify_digit(service: Service, visitor: Visitor, call: PredictCall) -> Reply:
    """How far a digit is certified to be read as its label."""

    def work(check: Check) -> Reply:
        digit, network = _read(service, call)
        proved = proved_epsilon(service.proved, call.network, network, digit.image, digit.label, check)
        if proved is None:
            raise RefusalError("proof.other_layers")
        return {
            "proved": proved,
            "broken": scan(network, digit.image, digit.label, attack=FGSM()).flip_epsilon,
            **_known(digit, None),
            **_reading(predict(network, digit.image[None])[0]),
            **_show(call, image=digit.image),
        }

    return await service.proofs.run(visitor, "api", work)


def _threads(service: Service, attack: str) -> Threads:
    return service.quick if ATTACKS[attack].quick else service.slow


def _read(service: Service, call: PredictCall) -> tuple[Digit, nn.Module]:
    network = service.networks.pick(call.network)
    return read_digit(service, call, network), network


def _aim(network: nn.Module, digit: Digit, target: int | None) -> tuple[int, bool]:
    """(The class that an attack is about, whether it is to be reached)."""
    aim, targeted, taken = find_aim(network, digit, target)
    if taken:
        raise RefusalError("errors.taken", target=target)
    if target == digit.label:
        raise RefusalError("errors.own_target", target=target)
    return aim, targeted


def _show(call: PredictCall, **images: Tensor) -> Reply:
    """Images by name as PNG, and the rows of numbers that were asked for."""
    pictures: Reply = {name: as_png(image) for name, image in images.items()}
    return pictures | ({"arrays": {name: as_rows(image) for name, image in images.items()}} if call.arrays else {})


def _known(digit: Digit, target: int | None) -> Reply:
    return {"label": digit.label, "label_source": digit.source, "target": target} | _notes(digit)


def _notes(digit: Digit) -> Reply:
    """What the page says of such a picture, in English."""
    return {"notes": [say("api.cut")] if digit.cut else []}


def _reading(probabilities: Tensor) -> Reply:
    return {"prediction": int(probabilities.argmax()), "confidence": round(float(probabilities.max()), 6)}


def _round(values: Tensor) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
