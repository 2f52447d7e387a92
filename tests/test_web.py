"""The page's pure functions, tested in Node where there is one."""

import json
import os
import shutil
import subprocess

import pytest

from advdemo.measures.scan import EPSILONS
from tests.conftest import ROOT


def test_the_modules_of_the_page():
    node = shutil.which("node")
    if node is None:
        reason = "no Node found: the tests in tests/web need one (Debian: `apt install nodejs`)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    files = sorted(map(str, (ROOT / "tests" / "web").glob("*.test.mjs")))
    run = subprocess.run([node, "--test", "--test-reporter=tap", *files], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert f"# pass {run.stdout.count('# Subtest:')}" in run.stdout


def test_the_slider_stands_where_the_scan_measures():
    if shutil.which("node") is None:
        pytest.skip("needs Node, which the test above demands in CI")
    program = """import { EPSILONS } from "./advdemo/ui/web/lenet/scan.js";
        console.log(JSON.stringify(EPSILONS))"""
    command = ["node", "--input-type=module", "--eval", program]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert tuple(json.loads(run.stdout)) == EPSILONS
