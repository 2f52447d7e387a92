"""The page's pure functions, tested in Node where there is one."""

import os
import shutil
import subprocess

import pytest

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
