"""Attacks within |x' - x| <= epsilon on any classifier of [0, 1] pixels, and the one table of them.

The command line, the API, the page, scans and sweeps all read ATTACKS. To add one: a file with a function and a frozen
dataclass of its settings, a row here, the words for it on the page, a test.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Literal, cast

from torch import Tensor

import advdemo.float32  # noqa: F401 (before any of them computes)
from advdemo.attacks.advgan import AdvGAN, advgan
from advdemo.attacks.bpda import BPDA, bpda
from advdemo.attacks.fgsm import FGSM, fgsm, gradient_sign, perturb
from advdemo.attacks.inputs import Attempt, Prepared, Settings
from advdemo.attacks.momentum import DIM, Momentum, mifgsm
from advdemo.attacks.noise import Noise, noise
from advdemo.attacks.pgd import PGD, pgd
from advdemo.attacks.pixels import few_pixels
from advdemo.attacks.rays import RayS, rays
from advdemo.attacks.square import Square, square

__all__ = ["ATTACKS", "BPDA", "DIM", "FGSM", "PGD", "AdvGAN", "Attack", "Attempt", "Momentum", "Noise", "Prepared",
           "RayS", "Settings", "Square", "advgan", "bpda", "few_pixels", "fgsm", "find_attack", "gradient_sign",
           "make_settings", "mifgsm", "noise", "perturb", "pgd", "rays", "square"]  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """A row of the table."""

    name: str
    title: str
    formula: str
    function: Callable[..., Tensor]
    settings: type[Settings]
    targeted: bool  # can aim at a class
    one_sign: bool  # one direction serves every epsilon
    knows: Literal["gradient", "scores", "label", "nothing"]  # of the network; from scores or labels: has a `stream`
    scannable: bool  # quick enough for every position of a slider
    batch_size: int  # images at a time on a CPU: what its cache holds

    @property
    def quick(self) -> bool:
        """Whether one gradient at most serves an image at every epsilon: milliseconds."""
        return self.one_sign and self.knows in ("gradient", "nothing")


ATTACKS = {
    row.name: row
    for row in (
        Attack(
            name="fgsm",
            title="FGSM",
            formula="ε · sign(∇)",
            function=fgsm,
            settings=FGSM,
            targeted=True,
            one_sign=True,
            knows="gradient",
            scannable=True,
            batch_size=400,
        ),
        Attack(
            name="pgd",
            title="PGD",
            formula="40 steps",
            function=pgd,
            settings=PGD,
            targeted=True,
            one_sign=False,
            knows="gradient",
            scannable=True,
            batch_size=100,
        ),
        Attack(
            name="bpda",
            title="BPDA",
            formula="40 steps, straight through",
            function=bpda,
            settings=BPDA,
            targeted=True,
            one_sign=False,
            knows="gradient",
            scannable=True,
            batch_size=100,
        ),
        Attack(
            name="momentum",
            title="MI-FGSM",
            formula="10 steps, momentum",
            function=mifgsm,
            settings=Momentum,
            targeted=True,
            one_sign=False,
            knows="gradient",
            scannable=True,
            batch_size=100,
        ),
        Attack(
            name="dim",
            title="DIM",
            formula="10 steps, momentum, resized",
            function=partial(mifgsm, diversity=DIM.diversity),
            settings=DIM,
            targeted=True,
            one_sign=False,
            knows="gradient",
            scannable=True,
            batch_size=100,
        ),
        Attack(
            name="square",
            title="Square attack",
            formula="squares of ±ε",
            function=square,
            settings=Square,
            targeted=True,
            one_sign=False,
            knows="scores",
            scannable=False,
            batch_size=50,
        ),
        Attack(
            name="rays",
            title="RayS",
            formula="ε · ±1, by trial",
            function=rays,
            settings=RayS,
            targeted=False,
            one_sign=True,
            knows="label",
            scannable=True,
            batch_size=50,
        ),
        Attack(
            name="advgan",
            title="AdvGAN",
            formula="ε · ±1, by a generator",
            function=advgan,
            settings=AdvGAN,
            targeted=False,
            one_sign=True,
            knows="nothing",  # any more: all that it ever asked was in training
            scannable=True,
            batch_size=400,
        ),
        Attack(
            name="noise",
            title="random noise",
            formula="ε · random ±1",
            function=noise,
            settings=Noise,
            targeted=False,
            one_sign=True,
            knows="nothing",
            scannable=True,
            batch_size=400,
        ),
    )
}


def find_attack(attack: str | Settings) -> tuple[Attack, Settings]:
    """The row of an attack, and its settings: the default ones for a name. ValueError for what is not in the table."""
    for row in ATTACKS.values():
        if type(attack) is row.settings:
            return row, attack
    if not isinstance(attack, str) or attack not in ATTACKS:
        raise ValueError(f"unknown attack {str(attack)[:40]!r}: choose one of {', '.join(ATTACKS)}")
    return ATTACKS[attack], ATTACKS[attack].settings()


def make_settings(name: str, **values: Any) -> Settings:
    """The settings of the attack called `name` with some values replaced, None keeping one. ValueError for a setting
    that it does not have, or a value that it refuses."""
    row, _ = find_attack(name)
    given = {key: value for key, value in values.items() if value is not None}
    for key in given:
        if key not in _names(row.settings):
            owners = [other.name for other in ATTACKS.values() if key in _names(other.settings)]
            raise ValueError(f"{key} can be set for {', '.join(owners) or 'no attack'} only, not for {name}")
    return row.settings(**given)


def _names(settings: type[Settings]) -> list[str]:
    return [field.name for field in fields(cast(Any, settings))]
