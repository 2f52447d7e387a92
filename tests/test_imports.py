"""The rules of who may import whom, and that the app starts without what it does not need."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "advdemo"
MODULES = sorted(PACKAGE.glob("*.py"))
UI = sorted((PACKAGE / "ui").glob("*.py"))
MAY_IMPORT = {
    "__init__": set(),
    "__main__": {"cli"},
    "data": set(),
    "model": set(),
    "attack": set(),
    "augment": set(),
    "drawing": set(),
    "picture": set(),
    "recipes": set(),
    "loop": {"attack", "augment", "model", "recipes"},
    "train": {"data", "loop", "model", "attack", "recipes"},
    "scan": {"attack", "model"},
    "sweep": {"attack", "model"},
    "plots": {"sweep"},
}
HEAVY = {"gradio", "matplotlib", "torchvision"}


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            found |= {node.module} | ({f"advdemo.{alias.name}" for alias in node.names} & NAMES)
    return found


NAMES = {f"advdemo.{path.stem}" for path in MODULES} | {"advdemo.ui"}


def ours(path: Path) -> set[str]:
    """First parts of what a file imports from advdemo: {"model", "ui"}."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("advdemo.")}


def others(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_modules_import_only_what_they_may(path):
    everything_but_the_page = {module.stem for module in MODULES} - {"__init__", "__main__", "cli"}
    assert ours(path) <= MAY_IMPORT.get(path.stem, everything_but_the_page)


def test_only_the_page_knows_gradio():
    assert [path.name for path in MODULES if "gradio" in others(path)] == []
    assert "gradio" not in others(ROOT / "app.py")


def test_matplotlib_and_torchvision_have_one_place_each():
    files = [*MODULES, *UI, ROOT / "app.py"]
    assert [path.name for path in files if "matplotlib" in others(path)] == ["plots.py"]
    assert [path.name for path in files if "torchvision" in others(path)] == ["data.py"]
    assert [path.name for path in files if "matplotlib.pyplot" in imports(path)] == []


def test_the_command_line_knows_no_page():
    assert "ui" not in ours(PACKAGE / "cli.py")


def test_app_imports_only_what_it_may():
    assert ours(ROOT / "app.py") <= {"ui", "model", "data", "train"}


def loaded_after(code: str) -> set[str]:
    program = f"{code}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_package_loads_nothing_heavy():
    light = [path.stem for path in MODULES if path.stem not in ("__main__", "plots")]
    loaded = loaded_after("\n".join(f"import advdemo.{name}" for name in light))
    assert "torch" in loaded
    assert loaded & HEAVY == set()


def test_the_command_line_loads_no_torch_for_help():
    assert loaded_after("import advdemo.cli") & (HEAVY | {"torch", "numpy"}) == set()


def test_the_app_loads_neither_matplotlib_nor_torchvision():
    loaded = loaded_after("import app")
    assert "gradio" in loaded
    assert loaded & {"matplotlib", "torchvision"} == set()
