"""What programs are answered, as plain JSON values; api.py says it endpoint by endpoint."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from advdemo.attacks import FGSM
from advdemo.measures.scan import scan
from advdemo.networks.generator import generate
from advdemo.networks.predict import predict
from advdemo.ui.api_pictures import Picture, as_png, as_rows, change_as_png, parse_picture
from advdemo.ui.explore import Digit, find_aim, interruptible
from advdemo.ui.forger import whole_greys
from advdemo.ui.lanes import Superseded
from advdemo.ui.proof import proved_epsilon
from advdemo.ui.questions import check_class, check_digit, check_index, find_attack, is_whole
from advdemo.ui.replies import RefusalError, shown
from advdemo.ui.service import Service
from advdemo.ui.visitors import Visitor

MOST_DIGITS = 25  # that one call may have generated


@dataclass(frozen=True)
class Asked:
    """The digit and the network of a call."""

    image: Picture | None = None
    index: int | None = None
    network: str = "standard"
    label: int | None = None
    arrays: bool = False  # pictures also as rows of numbers

    def read(self, service: Service) -> tuple[Digit, nn.Module]:
        """(The digit, on the network's device, the network); RefusalError unless one digit is given."""
        network = service.models.pick(self.network)
        label = check_digit(self.label, "errors.bad_label")
        if (self.image is None) == (self.index is None):
            raise RefusalError("api.image_or_index")
        if self.image is None:
            index = check_index(self.index, len(service.images))
            image, true = service.images[index].to(service.models.device), int(service.labels[index])
            digit = Digit(image, true, "mnist", index)
        else:
            image = parse_picture(self.image).to(service.models.device)
            digit = Digit(image, int(predict(network, image[None]).argmax()), "prediction")
        return (digit if label is None else replace(digit, label=label, source="chosen")), network

    def show(self, **images: Tensor) -> dict[str, Any]:
        """Images by name as PNG, and the rows of numbers that were asked for."""
        pictures = {name: as_png(image) for name, image in images.items()}
        return pictures | ({"arrays": {name: as_rows(image) for name, image in images.items()}} if self.arrays else {})


async def predict_digit(service: Service, visitor: Visitor, asked: Asked) -> dict[str, Any]:
    """What a network reads."""

    def work(superseded: Superseded) -> dict[str, Any]:
        digit, network = asked.read(service)
        probabilities = predict(network, digit.image[None])[0]
        return _reading(probabilities) | {"probabilities": _round(probabilities)} | asked.show(image=digit.image)

    return await service.light.run(visitor, "api", work)


async def attack_digit(
    service: Service, visitor: Visitor, asked: Asked, epsilon: float, attack: str, target: int | None, seed: int
) -> dict[str, Any]:
    """One attack at one epsilon."""
    if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not 0 <= epsilon <= 1:
        raise RefusalError("api.bad_epsilon", epsilon=shown(epsilon))
    row, settings = find_attack(attack)
    _check_aim(row.name, row.targeted, target)
    _check_seed(seed)

    def work(superseded: Superseded) -> dict[str, Any]:
        digit, network = asked.read(service)
        aim, targeted = _aim(network, digit, target)
        goal, batch = torch.tensor([aim], device=digit.image.device), digit.image[None]
        prepared = settings.prepare(interruptible(network, superseded), batch, goal, targeted=targeted, seed=seed)
        adversarial = prepared.at(float(epsilon))
        after = predict(network, adversarial)[0]
        change = adversarial - batch
        return {
            "fooled": (int(after.argmax()) == aim) == targeted,
            **_known(digit, target),
            "before": _reading(prepared.logits.softmax(1)[0]),
            "after": _reading(after),
            "largest_change": round(float(change.abs().max()), 6),
            "perturbation": change_as_png(change),
            **asked.show(original=digit.image, adversarial=adversarial),
        }

    return await (service.light if row.quick else service.slow).run(visitor, "api", work)


async def scan_epsilons(
    service: Service, visitor: Visitor, asked: Asked, attack: str, target: int | None, seed: int
) -> dict[str, Any]:
    """One attack at every epsilon."""
    row, settings = find_attack(attack)
    if not row.scannable:
        raise RefusalError("api.not_scannable", attack=row.name)
    _check_aim(row.name, row.targeted, target)
    _check_seed(seed)

    def work(superseded: Superseded) -> dict[str, Any]:
        digit, network = asked.read(service)
        aim, targeted = _aim(network, digit, target)
        run = interruptible(network, superseded)
        result = scan(run, digit.image, aim, targeted=targeted, attack=settings, seed=seed)
        epsilons, reads = result.epsilons.tolist(), result.probabilities.argmax(1).tolist()
        changes = [i for i in range(len(reads)) if i == 0 or reads[i] != reads[i - 1]]
        hit = next((i for i, read in enumerate(reads) if (read == aim) == targeted), None)
        fooling = None
        if hit is not None:
            reading = _reading(torch.from_numpy(result.probabilities[hit]))
            fooling = {"epsilon": epsilons[hit]} | reading | {"image": as_png(result.images[hit])}
        reply = {
            "flip": result.flip_epsilon,
            **_known(digit, target),
            "reads": [{"from": epsilons[i], "prediction": reads[i]} for i in changes],
            "fooling": fooling,
            **asked.show(original=digit.image),
        }
        if asked.arrays:
            reply["arrays"] |= {"epsilons": epsilons, "probabilities": result.probabilities.round(6).tolist()}
        return reply

    return await (service.light if row.quick else service.slow).run(visitor, "api", work)


async def generate_digits(
    service: Service, visitor: Visitor, digit: int, seed: int, count: int, arrays: bool
) -> dict[str, Any]:
    """Digits to order."""
    digit = check_class(digit)
    _check_seed(seed)
    if not is_whole(count, 1, MOST_DIGITS):
        raise RefusalError("api.bad_count", count=shown(count), most=MOST_DIGITS)
    pair = service.pairs.pick({})

    def work(superseded: Superseded) -> dict[str, Any]:
        images = whole_greys(generate(pair.generator, torch.full((count,), digit), seed=seed))
        reads = predict(service.models.pick(None), images.to(service.models.device)).argmax(1)
        reply = {
            "digit": digit,
            "images": [as_png(image) for image in images],
            "realness": _round(pair.opinion(images, digit)),
            "predictions": reads.tolist(),
        }
        return reply | ({"arrays": {"images": [as_rows(image) for image in images]}} if arrays else {})

    return await service.slow.run(visitor, "api", work)


async def certify_digit(service: Service, visitor: Visitor, asked: Asked) -> dict[str, Any]:
    """How far a digit is sure to be read as its label."""

    def work(superseded: Superseded) -> dict[str, Any]:
        digit, network = asked.read(service)
        proved = proved_epsilon(service.proved, asked.network, network, digit.image, digit.label)
        if proved is None:
            raise RefusalError("proof.other_layers")
        return {
            "proved": proved,
            "broken": scan(network, digit.image, digit.label, attack=FGSM()).flip_epsilon,
            **_known(digit, None),
            **_reading(predict(network, digit.image[None])[0]),
            **asked.show(image=digit.image),
        }

    return await service.proofs.run(visitor, "api", work)


def _aim(network: nn.Module, digit: Digit, target: int | None) -> tuple[int, bool]:
    """(The class that an attack is about, whether it is to be reached)."""
    aim, targeted, taken = find_aim(network, digit, {"target": target})
    if taken:
        raise RefusalError("errors.taken", target=target)
    return aim, targeted


def _check_aim(attack: str, targeted: bool, target: int | None) -> None:
    if target is not None and not targeted:
        raise RefusalError("api.cannot_aim", attack=attack)


def _check_seed(seed: object) -> None:
    if not is_whole(seed, 0, 2**32 - 1):
        raise RefusalError("errors.bad_seed", seed=shown(seed))


def _known(digit: Digit, target: int | None) -> dict[str, Any]:
    return {"label": digit.label, "label_source": digit.source, "target": target}


def _reading(probabilities: Tensor) -> dict[str, Any]:
    return {"prediction": int(probabilities.argmax()), "confidence": round(float(probabilities.max()), 6)}


def _round(values: Tensor) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
