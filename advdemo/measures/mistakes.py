"""The classic mistakes of evaluating attacks and defences, each beside the right way.

The functions called `*_wrong` and `*_right` are what a visitor reads on the page, and exactly what is run for them:
plain PyTorch, with `net` a classifier, `x` images (N, 1, 28, 28) and `y` their labels (N,).
"""

import inspect
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from advdemo import MEAN, STD
from advdemo.attacks import fgsm, pgd, square
from advdemo.networks.fast import FastLeNet
from advdemo.networks.predict import classify

T = TypeVar("T")
EPSILON = 0.3
SMALL_EPSILON = 0.1
IMAGES = 500
FEW_IMAGES = 50  # for attacks of many steps
SHOWN = 10  # to choose a picture from
STEPS, BATCH, RATE = 60, 25, 0.1  # of training
SHARPNESS = 1000  # of the defence that is none


@dataclass(frozen=True)
class Comparison:
    """What came out of the wrong code and of the right one."""

    images: int  # how many they were tried on
    epsilon: float
    rows: dict[str, tuple[float, float]]  # (wrong, right) of each figure
    pictures: Tensor | None = None  # float32 (3, 1, 28, 28) in [0, 1]: original, wrong, right
    reads: list[int] | None = None  # what the network predicts for each of them


def normalise(x):
    return (x - 0.1307) / 0.3081


def descend(net, rate):
    for weight in net.parameters():
        weight.data -= rate * weight.grad
        weight.grad = None


def units_wrong(net, x, y, epsilon):
    z = normalise(x).requires_grad_()
    F.cross_entropy(net(z), y).backward()
    return (z + epsilon * z.grad.sign()).clamp(0, 1)


def units_right(net, x, y, epsilon):
    x = x.clone().requires_grad_()
    F.cross_entropy(net(normalise(x)), y).backward()
    return (x + epsilon * x.grad.sign()).clamp(0, 1)


def nll_wrong(net, x, y, epsilon):
    x = x.clone().requires_grad_()
    F.nll_loss(net(x), y).backward()
    return (x + epsilon * x.grad.sign()).clamp(0, 1)


def nll_right(net, x, y, epsilon):
    x = x.clone().requires_grad_()
    F.cross_entropy(net(x), y).backward()
    return (x + epsilon * x.grad.sign()).clamp(0, 1)


def softmax_wrong(net, batches, rate):
    for x, y in batches:
        probabilities = net(x).softmax(1)
        F.cross_entropy(probabilities, y).backward()
        descend(net, rate)


def softmax_right(net, batches, rate):
    for x, y in batches:
        logits = net(x)
        F.cross_entropy(logits, y).backward()
        descend(net, rate)


def alone_wrong(net, x, y, epsilon):
    attacked = fgsm(net, x, y, epsilon)
    return net(attacked).argmax(1) == y


def alone_right(net, x, y, epsilon):
    safe = net(x).argmax(1) == y
    for attack in (fgsm, pgd, square):
        safe &= net(attack(net, x, y, epsilon)).argmax(1) == y
    return safe


def compare_units(model: nn.Module, images: Tensor, labels: Tensor) -> Comparison:
    """Epsilon in normalised units, clipped to [0, 1], which is where pixels are but not where they are once normalised:
    black is -0.42 there, white 2.82."""

    def net(z: Tensor) -> Tensor:
        return model(z * STD + MEAN)

    def wrong(epsilon: float) -> Tensor:
        return (units_wrong(net, images, labels, epsilon) * STD + MEAN).detach()

    made = wrong(EPSILON), units_right(net, images, labels, EPSILON).detach()
    unmoved = wrong(0.0), units_right(net, images, labels, 0.0).detach()
    rows = {
        "accuracy": _each(made, lambda x: _accuracy(model, x, labels)),
        "change": _each(made, lambda x: float((x - images).abs().max())),
        "unmoved": _each(unmoved, lambda x: float((x - images).abs().max())),
    }
    return _with_pictures(Comparison(len(images), EPSILON, rows), model, images, labels, made)


def compare_nll(model: nn.Module, images: Tensor, labels: Tensor) -> Comparison:
    """`nll_loss` of raw logits: the loss is minus the logit of the true class, and the other nine do not count."""
    with torch.no_grad():
        logits = model(images)
    made = tuple(code(model, images, labels, SMALL_EPSILON).detach() for code in (nll_wrong, nll_right))
    rows = {
        "accuracy": _each(made, lambda x: _accuracy(model, x, labels)),
        "loss": (float(F.nll_loss(logits, labels)), float(F.cross_entropy(logits, labels))),
    }
    return _with_pictures(Comparison(len(images), SMALL_EPSILON, rows), model, images, labels, made)


def compare_softmax(model: nn.Module, images: Tensor, labels: Tensor, spare: tuple[Tensor, Tensor]) -> Comparison:
    """Cross-entropy of probabilities, which takes them for logits: ten values so close together that the loss cannot
    fall below log(1 + 9/e) = 1.461. `spare`: at least STEPS * BATCH images and labels to train on."""
    count = STEPS * BATCH
    batches = list(zip(spare[0][:count].split(BATCH), spare[1][:count].split(BATCH), strict=True))
    first = _untrained().to(images.device)
    trained = deepcopy(first), first
    for network, code in zip(trained, (softmax_wrong, softmax_right), strict=True):
        code(network, batches, RATE)
    with torch.no_grad():
        logits = model(images)
        outputs = logits.softmax(1), logits
    rows = {
        "learnt": _each(trained, lambda network: _accuracy(network, images, labels)),
        "loss": _each(outputs, lambda output: float(F.cross_entropy(output, labels))),
        "confidence": _each(outputs, lambda output: float(output.softmax(1).max())),
    }
    return Comparison(len(images), 0.0, rows)


def compare_alone(model: nn.Module, images: Tensor, labels: Tensor) -> Comparison:
    """Judging a defence by FGSM alone. The defence here multiplies the logits by SHARPNESS: no prediction changes, but
    in float32 the loss is exactly 0, and so is its gradient (as in defensive distillation: Carlini and Wagner, 2016,
    https://arxiv.org/abs/1607.04311)."""

    def defended(x: Tensor) -> Tensor:
        return SHARPNESS * model(x)

    def share(net: Callable[[Tensor], Tensor]) -> tuple[float, float]:
        codes = (alone_wrong, alone_right)
        return _each(codes, lambda code: float(code(net, images, labels, EPSILON).float().mean()))

    compared = Comparison(len(images), EPSILON, {"defended": share(defended), "bare": share(model)})
    first = images[:SHOWN], labels[:SHOWN]
    made = tuple(attack(defended, *first, EPSILON) for attack in (fgsm, square))  # type: ignore[arg-type]
    return _with_pictures(compared, model, *first, made)


MISTAKES = ("units", "nll", "softmax", "alone")
CODE = {
    name: {side: inspect.getsource(globals()[f"{name}_{side}"]) for side in ("wrong", "right")} for name in MISTAKES
}
CODE["units"]["both"] = inspect.getsource(normalise)
CODE["softmax"]["both"] = inspect.getsource(descend)


def compare(name: str, model: nn.Module, images: Tensor, labels: Tensor) -> Comparison:
    """Make one of MISTAKES, and avoid it.

    Args:
        name: one of MISTAKES.
        model: a frozen classifier, pixels -> logits (N, 10).
        images: float32 (N, 1, 28, 28) in [0, 1], at least IMAGES + STEPS * BATCH of them for "softmax".
        labels: int64 (N,).

    Raises:
        ValueError: an unknown name, or too few images.
    """
    if name not in MISTAKES:
        raise ValueError(f"unknown mistake {str(name)[:40]!r}: choose one of {', '.join(MISTAKES)}")
    count = FEW_IMAGES if name == "alone" else IMAGES
    needed = count + STEPS * BATCH * (name == "softmax")
    if len(images) < needed:
        raise ValueError(f"{name} needs {needed} images, got {len(images)}")
    some = images[:count], labels[:count]
    with torch.enable_grad():
        if name == "softmax":
            return compare_softmax(model, *some, spare=(images[count:], labels[count:]))
        return {"units": compare_units, "nll": compare_nll, "alone": compare_alone}[name](model, *some)


def _accuracy(net: nn.Module, images: Tensor, labels: Tensor) -> float:
    return float((classify(net, images) == labels).float().mean())


def _each(pair: Iterable[T], measure: Callable[[T], float]) -> tuple[float, float]:
    wrong, right = map(measure, pair)
    return wrong, right


def _with_pictures(
    compared: Comparison, model: nn.Module, images: Tensor, labels: Tensor, made: tuple[Tensor, ...]
) -> Comparison:
    """With the first image that only the right code fools, if there is one, or else the first."""
    wrong, right = (classify(model, batch) == labels for batch in made)
    only = (wrong & ~right).nonzero()
    place = int(only[0]) if len(only) else 0
    pictures = torch.stack([batch[place] for batch in (images, *made)])
    return Comparison(compared.images, compared.epsilon, compared.rows, pictures, classify(model, pictures).tolist())


def _untrained() -> FastLeNet:
    """The same LeNet every time."""
    generator = torch.Generator().manual_seed(0)
    network = FastLeNet()
    for parameter in network.parameters():
        if parameter.dim() > 1:
            nn.init.kaiming_uniform_(parameter, a=5**0.5, generator=generator)
        else:
            nn.init.zeros_(parameter)
    return network
