"""The programs that the page shows, composed in Node for some states of the page, and run."""

import base64
import io
import json
import os
import shutil
import subprocess
import warnings
from contextlib import chdir, redirect_stdout
from functools import cache
from typing import Any

import numpy as np
import pytest

from advdemo.attacks import ATTACKS
from advdemo.measures.scan import EPSILONS
from advdemo.ui.jobs.game import SHOWN
from advdemo.ui.programs import read_pieces
from tests.conftest import ROOT

EPSILON = "\ue000"  # as in code/compose.js
STEP = 30
INDEX, LABEL = 63, 3
SCANNED = [name for name, row in ATTACKS.items() if row.scannable]
CENTRE = base64.b64encode(bytes(range(64))).decode()
FEW = {"count": 40, "epsilons": [0, 0.1, 0.3]}


def side(attack="fgsm", model="standard", target=None):
    return {"attack": attack, "model": model, "target": target}


def explored(*sides, **changes):
    shown = {"answers": None, "label": LABEL, "index": INDEX, "order": None, "ownForger": False}
    return "explore", shown | {"sides": list(sides)} | changes


def swept(attack, model="standard", proof=False, **changes):
    return "sweep", {"model": model, "attack": attack, "proof": proof} | FEW | changes


DRAWN = np.kron(np.eye(14), np.full((2, 2), 200)).astype(np.uint8)  # a diagonal
PAINTED = np.kron(np.eye(7), np.array([[1, 0], [-1, 0]]).repeat(2, 1)).repeat(2, 0).astype(np.int8)
ORDER = {"digit": 5, "seed": 12, "place": [17, -31], "centre": None}
SHOWN_HERE = {
    **{name: explored(side(name)) for name in SCANNED},
    **{f"{name} at 8": explored(side(name, target=8)) for name in ("fgsm", "momentum", "dim")},
    "two networks": explored(side(model="robust"), side(model="certified")),
    "two attacks": explored(side("pgd", target=8), side("noise")),
    "drawn": explored(side(), index=None, label=1, image=DRAWN.flatten().tolist()),
    "painted": explored(side("hand"), painting=PAINTED.flatten().tolist()),
    "scores": explored(side(target=8), answers="scores"),
    "label": explored(side(), answers="label"),
    "certified": explored(side(model="certified")),
    "rounded": explored(side(model="binarised")),
    "straight": explored(side("bpda", model="binarised")),
    "one behind rounding": explored(side(model="certified"), side("bpda", model="binarised")),
    "a network and it rounded": explored(side(), side(model="binarised")),
    "ordered": explored(side(), index=None, order=ORDER, image=[0] * 784),
    "found": explored(side(), index=None, order=ORDER | {"centre": CENTRE}, image=[0] * 784),
    **{f"sweep {name}": swept(name) for name in ("fgsm", "momentum", "advgan", "noise")},
    "sweep pgd": swept("pgd", count=20, epsilons=[0.1]),
    "sweep dim": swept("dim", count=5),
    "sweep square": swept("square", count=3, epsilons=[0.4]),
    "sweep bpda": swept("bpda", "binarised", count=20, epsilons=[0.1, 0.3]),
    "sweep rounded": swept("fgsm", "binarised"),
    "sweep intervals rounded": swept("intervals", "binarised", proof=True),
    "sweep crown rounded": swept("crown", "binarised", proof=True, count=3),
    "sweep robust": swept("fgsm", "robust", count=200),
    "sweep intervals": swept("intervals", "certified", proof=True),
    "sweep crown": swept("crown", proof=True, count=3),
    "forgeries": ("forgeries", {"own": False, "count": SHOWN}),
    "someone's": explored(side(model="mine")),
    "someone's sweep": swept("fgsm", "mine"),
}


ATTACKED = [*SCANNED, *(name for name in SHOWN_HERE if name.endswith(" at 8")), "two networks", "two attacks"]
ATTACKED += ["rounded", "straight", "one behind rounding", "a network and it rounded"]


@cache
def compose() -> dict[str, dict[str, str]]:
    """What SHOWN_HERE names -> the programs by their names, the slider's value written in; "toolkit" is the attack's by
    one."""
    node = shutil.which("node")
    if node is None:
        reason = "no Node found: it composes the programs (Debian: `apt install nodejs`)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    wanted = [{"view": view, "state": state} for view, state in SHOWN_HERE.values()]
    asked = json.dumps({"pieces": read_pieces(), "wanted": wanted})
    script = ROOT / "tests" / "web" / "compose.mjs"
    run = subprocess.run([node, script], input=asked, capture_output=True, text=True, check=True)
    epsilon = f"{EPSILONS[STEP]:.3f}"
    composed = {}
    for shown, parts in zip(SHOWN_HERE, json.loads(run.stdout), strict=True):
        codes = [(part["name"], part["code"]) for part in parts]
        codes += [("toolkit", part["toolkit"]) for part in parts if "toolkit" in part]
        composed[shown] = {name: code.replace(EPSILON, epsilon) for name, code in codes}
    return composed


def run_program(shown: str, part: str) -> tuple[dict[str, Any], list[str]]:
    """Run a program in the repository: (its names, what it printed)."""
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with redirect_stdout(printed), warnings.catch_warnings(), chdir(ROOT):
        warnings.simplefilter("ignore")  # what the toolkits say is not ours
        exec(compile(compose()[shown][part], f"{shown}.py", "exec"), names)
    return names, printed.getvalue().split()
