"""Six experiments whose outcome a visitor guesses first; each is measured on the shipped networks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from advdemo.attacks import fgsm, noise, pgd
from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.scan import EPSILONS, scan
from advdemo.networks.predict import classify

Networks = dict[str, nn.Module]
NETWORKS = ("standard", "robust", "certified")
NOISE_EPSILON, NOISE_IMAGES = 0.2, 500
TRANSFER_EPSILON, TRANSFER_IMAGES = 0.3, 100


@dataclass(frozen=True)
class Finding:
    """What was measured: an epsilon, or a share in 0..1, for each of the things compared. None: no epsilon of the
    slider is enough."""

    answer: str  # the option that is true
    measured: Mapping[str, float | None]


@dataclass(frozen=True)
class Experiment:
    """What a visitor chooses from, and how it is found out."""

    options: tuple[str, ...]
    needs: tuple[str, ...]  # networks
    run: Callable[[Networks, Tensor, Tensor, int], Finding]
    index: int = 0  # of the test image, where it is about one
    about_one: bool = True


def stronger_attack(networks: Networks, images: Tensor, labels: Tensor, index: int) -> Finding:
    """Whether FGSM or PGD needs the smaller epsilon."""
    flips = {name: _flip(networks["standard"], images, labels, index, name) for name in ("fgsm", "pgd")}
    return Finding("same" if flips["fgsm"] == flips["pgd"] else _smallest(flips), flips)


def sturdiest_network(networks: Networks, images: Tensor, labels: Tensor, index: int) -> Finding:
    """Which network PGD needs the largest epsilon for."""
    flips = {name: _flip(networks[name], images, labels, index, "pgd") for name in NETWORKS}
    return Finding(max(flips, key=lambda name: _or_beyond(flips[name])), flips)


def noise_or_sign(networks: Networks, images: Tensor, labels: Tensor, _: int) -> Finding:
    """Success rates of FGSM and of noise of the same size, on images that are classified correctly."""
    some, truth = _classified_correctly(networks["standard"], images[:NOISE_IMAGES], labels[:NOISE_IMAGES])
    signed = fgsm(networks["standard"], some, truth, NOISE_EPSILON)
    fooled = {
        name: _fooled(networks["standard"], attacked, truth)
        for name, attacked in (("fgsm", signed), ("noise", noise(some, NOISE_EPSILON)))
    }
    share = fooled["noise"] / max(fooled["fgsm"], 1e-9)
    return Finding("few" if share < 0.25 else "half" if share < 0.75 else "same", fooled)


def transfer_direction(networks: Networks, images: Tensor, labels: Tensor, _: int) -> Finding:
    """Whether PGD's images transfer better from the standard network to the robust one or the other way, among those
    that the other network classifies correctly."""
    fooled = {}
    for source, victim in (("standard", "robust"), ("robust", "standard")):
        few = slice(TRANSFER_IMAGES)
        some, truth = _classified_correctly(networks[victim], images[few], labels[few])
        attacked = pgd(networks[source], some, truth, TRANSFER_EPSILON)
        fooled[source] = _fooled(networks[victim], attacked, truth)
    first, second = fooled["standard"], fooled["robust"]
    answer = "alike" if abs(first - second) < 0.05 else "standard" if first > second else "robust"
    return Finding(answer, fooled)


def largest_certified(networks: Networks, images: Tensor, labels: Tensor, index: int) -> Finding:
    """Which network has the largest certified epsilon."""
    proved = {name: certified_epsilon(networks[name], images[index], int(labels[index])) for name in NETWORKS}
    return Finding(max(proved, key=lambda name: proved[name]), proved)


def blind_attack(networks: Networks, images: Tensor, labels: Tensor, index: int) -> Finding:
    """Where PGD succeeds on an image that FGSM may not fool at all."""
    flips = {name: _flip(networks["standard"], images, labels, index, name) for name in ("fgsm", "pgd")}
    return Finding("never" if flips["pgd"] is None else "late" if flips["pgd"] > 0.3 else "early", flips)


EXPERIMENTS = {
    "attack": Experiment(("fgsm", "pgd", "same"), ("standard",), stronger_attack, index=7),
    "network": Experiment(NETWORKS, NETWORKS, sturdiest_network, index=63),
    "noise": Experiment(("same", "half", "few"), ("standard",), noise_or_sign, about_one=False),
    "transfer": Experiment(
        ("standard", "robust", "alike"), ("standard", "robust"), transfer_direction, about_one=False
    ),
    "proof": Experiment(NETWORKS, NETWORKS, largest_certified, index=63),
    "blind": Experiment(("never", "late", "early"), ("standard",), blind_attack, index=242),
}


def _flip(network: nn.Module, images: Tensor, labels: Tensor, index: int, attack: str) -> float | None:
    return scan(network, images[index], int(labels[index]), attack=attack).flip_epsilon


def _or_beyond(epsilon: float | None) -> float:
    return EPSILONS[-1] + 1 if epsilon is None else epsilon


def _smallest(flips: dict[str, float | None]) -> str:
    return min(flips, key=lambda name: _or_beyond(flips[name]))


def _classified_correctly(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    right = classify(network, images) == labels
    return images[right], labels[right]


def _fooled(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    return float((classify(network, images) != labels).float().mean())
