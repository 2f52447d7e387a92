"""The rules of who may import whom, and that the app starts without what it does not need."""

import ast
import json
import subprocess
import symtable
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "advdemo"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
BELOW_THE_PAGE = [path for path in MODULES if "ui" not in path.parts and path.name != "serve.py"]
MAY_IMPORT = {  # top to bottom, never upwards
    "app": {"serve", "ui"},
    "serve": {"ui", "training", "networks", "images"},
    "__main__": {"cli"},
    "ui": {"cores", "ui", "training", "measures", "attacks", "networks", "images"},
    "cli": {"cli", "show", "training", "measures", "attacks", "networks", "images"},
    "training": {"training", "measures", "attacks", "networks", "images"},
    "measures": {"cores", "measures", "attacks", "networks", "images"},
    "attacks": {"attacks", "float32"},
    "networks": {"networks", "float32"},
    "images": {"images"},
    "cores": set(),
    "float32": set(),
    "__init__": set(),
}
MAY_IMPORT_TOO = {"advgan.py": {"networks"}}  # of attacks/: its generator is a network
HEAVY = {"gradio", "matplotlib", "torchvision"}


@cache
def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(path: Path) -> set[str]:
    """The parts of advdemo that a file imports: {"networks", "ui"}."""
    parts = {name.split(".")[1] for name in imports(path) if name.startswith("advdemo.")}
    return {part for part in parts if not part.isupper() and part != "shipped"}  # what the package itself holds


def others(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def part_of(path: Path) -> str:
    """The folder directly under advdemo that a file is in, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py") if PACKAGE in path.parents else path.stem


@pytest.mark.parametrize("path", [ROOT / "app.py", *MODULES], ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_imported_upwards(path):
    also = MAY_IMPORT_TOO.get(path.name, set()) if part_of(path) == "attacks" else set()
    assert ours(path) <= MAY_IMPORT[part_of(path)] | also


UI_MAY_IMPORT = {  # within ui, top to bottom; `fields` and `requests` are what handlers and service are given
    "programs": {"programs"},
    "page": {"programs", "tabs", "api", "handlers", "server", "service", "component", "web_files", "words", "zerogpu"},
    "web_files": {"bundle", "component", "programs", "words"},
    "tabs": {"tabs", "fields", "handlers", "jobs", "service", "requests", "server", "component", "settings"},
    "api": {"api", "handlers", "service", "requests", "fields", "work", "server", "words"},
    "handlers": {"handlers", "service", "jobs", "requests", "fields", "work", "server", "settings"},
    "service": {"service", "jobs", "requests", "fields", "work", "server", "settings", "words"},
    "jobs": {"jobs", "requests", "work", "server"},
    "requests": {"fields", "server", "settings"},
    "fields": {"server", "settings"},
    "work": {"work", "server"},
    "server": {"server", "words"},
}


@pytest.mark.parametrize("path", sorted((PACKAGE / "ui").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_in_the_page_is_imported_upwards(path):
    part = path.relative_to(PACKAGE / "ui").parts[0].removesuffix(".py")
    parts = {name.split(".")[2] for name in imports(path) if name.startswith("advdemo.ui.")}
    assert parts <= UI_MAY_IMPORT.get(part, set())


@pytest.mark.parametrize("folder", ["server", "work"])
def test_serving_knows_no_attack_and_no_network(folder):
    files = sorted((PACKAGE / "ui" / folder).glob("*.py"))
    assert [path.name for path in files if ours(path) & {"attacks", "networks", "measures", "training"}] == []


def test_only_the_page_knows_gradio():
    assert [path.name for path in [ROOT / "app.py", *BELOW_THE_PAGE] if "gradio" in others(path)] == []


def test_matplotlib_and_torchvision_have_one_place_each():
    files = [*MODULES, ROOT / "app.py"]
    assert [path.name for path in files if "matplotlib" in others(path)] == ["plots.py"]
    assert [path.name for path in files if "torchvision" in others(path)] == ["mnist.py"]
    assert [path.name for path in files if "matplotlib.pyplot" in imports(path)] == []


LIGHT = [path for path in BELOW_THE_PAGE if path.name not in ("__main__.py", "plots.py")]
# As on a machine with a GPU and little else: all but what draws pictures, and the bench for it.
DRAWING = {"plots.py", "drawing.py", "picture.py", "photo.py", "pair.py", "__main__.py"}
MEASURING = [path for path in LIGHT if "cli" not in path.parts and path.name not in DRAWING]
MISSING = ["gradio", "typer", "rich", "matplotlib", "PIL", "torchvision", "pytest"]
STEPS = """
import importlib, json, sys
steps, missing = json.loads(sys.argv[1])
for name, modules in steps.items():
    for module in [module for module in sys.modules if module.partition(".")[0] in missing]:
        del sys.modules[module]
    if name == "measuring":
        sys.modules |= dict.fromkeys(missing)
    for module in modules:
        importlib.import_module(module)
    if name == "measuring":
        assert len(sys.modules["advdemo.images.mnist"].load_mnist("test")[0]) == 10_000
    print(*{module.partition(".")[0] for module, loaded in sys.modules.items() if loaded})
"""


def modules_of(paths: list[Path]) -> list[str]:
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """What is loaded after each step of one process."""
    steps = {
        "command line": ["advdemo.cli"],
        "measuring": [*modules_of(MEASURING), "tests.bench.cuda"],
        "package": [*modules_of(LIGHT), "advdemo.ui.handlers"],
        "app": ["app"],
    }
    command = [sys.executable, "-c", STEPS, json.dumps([steps, MISSING])]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return {name: set(line.split()) for name, line in zip(steps, run.stdout.splitlines(), strict=True)}


def test_the_command_line_loads_no_torch_for_help(loaded):
    assert loaded["command line"] & (HEAVY | {"torch", "numpy"}) == set()


def test_a_network_is_measured_with_torch_numpy_and_safetensors_alone(loaded):
    assert {"torch", "numpy", "safetensors"} <= loaded["measuring"]
    assert loaded["measuring"] & {*MISSING} == set()


def test_the_package_loads_nothing_heavy(loaded):
    """And OpenCV with the first photograph."""
    assert loaded["package"] & (HEAVY | {"cv2"}) == set()


def test_the_app_loads_neither_matplotlib_nor_torchvision(loaded):
    assert "gradio" in loaded["app"]
    assert loaded["app"] & {"matplotlib", "torchvision"} == set()


def test_what_tests_and_benches_take_from_one_another_is_there():
    """Benches are run by hand: nothing else would notice."""
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tests."):
                source = ROOT / f"{node.module.replace('.', '/')}.py"
                if not source.exists():
                    continue  # a package, of which modules are taken
                names = symtable.symtable(source.read_text(), source.name, "exec").get_symbols()
                there = {name.get_name() for name in names if name.is_assigned() or name.is_imported()}
                assert {alias.name for alias in node.names} <= there, f"{path.name} takes from {source.name}"
