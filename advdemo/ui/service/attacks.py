"""Which attacks can be offered here."""

import sys

from advdemo.attacks import ATTACKS, AdvGAN
from advdemo.attacks.advgan import SHIPPED, load_perturber


def usable_attacks() -> tuple[str, ...]:
    """The names of the table, without the one whose file is missing or broken, saying so on standard error."""
    try:
        load_perturber(SHIPPED)
    except (OSError, ValueError) as error:
        print(f"Starting without AdvGAN: {error}", file=sys.stderr, flush=True)
        return tuple(name for name in ATTACKS if name != AdvGAN.name)
    return tuple(ATTACKS)
