"""Attacks within |x' - x| <= epsilon on any classifier of [0, 1] pixels, and the one table of them.

The command line, the API, the page, scans and sweeps all read ATTACKS. To add one: a file with a function and its
settings, a row here, the words for it on the page, a test.
"""

from dataclasses import fields
from typing import Any, cast

import advdemo.float32  # noqa: F401 (before any of them computes)
from advdemo.attacks.advgan import AdvGAN, advgan
from advdemo.attacks.bpda import BPDA, bpda
from advdemo.attacks.fgsm import FGSM, fgsm, gradient_sign, perturb
from advdemo.attacks.momentum import DIM, Momentum, mifgsm
from advdemo.attacks.noise import Noise, noise
from advdemo.attacks.pgd import PGD, pgd
from advdemo.attacks.pixels import few_pixels
from advdemo.attacks.rays import RayS, rays
from advdemo.attacks.settings import Attempt, Prepared, Settings
from advdemo.attacks.square import Square, square

__all__ = ["ATTACKS", "BPDA", "DIM", "FGSM", "PGD", "AdvGAN", "Attack", "Attempt", "Momentum", "Noise", "Prepared",
           "RayS", "Settings", "Square", "advgan", "bpda", "few_pixels", "fgsm", "find_attack", "gradient_sign",
           "make_settings", "mifgsm", "noise", "perturb", "pgd", "rays", "setting_owners", "square"]  # fmt: skip

Attack = type[Settings]  # a row of the table

ATTACKS: dict[str, Attack] = {
    row.name: row
    for row in (
        FGSM,
        PGD,
        BPDA,
        Momentum,
        DIM,
        Square,
        RayS,
        AdvGAN,
        Noise,
    )
}


def find_attack(attack: str | Settings) -> tuple[Attack, Settings]:
    """The row of an attack, and its settings: the default ones for a name. ValueError for what is not in the table."""
    if isinstance(attack, Settings):
        return type(attack), attack
    if not isinstance(attack, str) or attack not in ATTACKS:
        raise ValueError(f"unknown attack {str(attack)[:40]!r}: choose one of {', '.join(ATTACKS)}")
    return ATTACKS[attack], ATTACKS[attack]()


def make_settings(name: str, **values: Any) -> Settings:
    """The settings of the attack called `name` with some values replaced, None keeping one. ValueError for a setting
    that it does not have, or a value that it refuses."""
    row, _ = find_attack(name)
    given = {key: value for key, value in values.items() if value is not None}
    for key in given:
        owners = setting_owners(key)
        if name not in owners:
            raise ValueError(f"{key} can be set for {', '.join(owners) or 'no attack'} only, not for {name}")
    return row(**given)


def setting_owners(setting: str) -> dict[str, Any]:
    """The attacks that have a setting of that name, and its default in each."""
    known = {name: {field.name: field.default for field in fields(cast(Any, row))} for name, row in ATTACKS.items()}
    return {name: defaults[setting] for name, defaults in known.items() if setting in defaults}
