"""`pip install .`: the package, its command and the shipped files, used outside the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def files_of(folder: Path) -> set[str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in paths}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder of packages with nothing but advdemo in it. A copy is built: setuptools leaves a folder behind."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for folder in ("advdemo", "checkpoints"):
        shutil.copytree(ROOT / folder, source / folder)
    (source / "advdemo" / "cli" / "__pycache__").mkdir(exist_ok=True)
    (source / "advdemo" / "cli" / "__pycache__" / "left.pyc").touch()
    for file in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--no-compile", "--target", target]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, source], check=True)
    return target


@pytest.mark.slow
def test_all_files_are_installed_and_nothing_else(installed):
    shipped = {f"checkpoints/{name}" for name in files_of(ROOT / "checkpoints")}
    assert files_of(installed / "advdemo") == files_of(ROOT / "advdemo") | shipped
    assert not list(installed.rglob("*.pyc"))
    assert {path.name.partition("-")[0] for path in installed.iterdir()} == {"advdemo", "bin"}


@pytest.mark.slow
def test_the_command_finds_the_shipped_network_and_mnist(installed):
    run = subprocess.run(
        [sys.executable, installed / "bin" / "advdemo", "sweep", "--images", "100", "--epsilons", "0"],
        cwd=installed.parent,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "Epsilon: 0  Test Accuracy = 100 / 100 = 1.0\n"


def test_the_architecture_names_every_module():
    package = ROOT / "advdemo"
    tree = (package / "README.md").read_text(encoding="utf-8").partition("## What is where")[2].partition("\n## ")[0]
    modules = {path.name for path in package.rglob("[a-z]*.py") if "programs" not in path.parts}
    assert set(re.findall(r"\b[a-z]\w*\.py\b", tree)) == modules
