"""The app as a Hugging Face Space has it: its variables, no network, nothing to be written but in /tmp; ZeroGPU."""

import json
import signal
import sys
import time
import types
import urllib.request
from importlib.metadata import version

import pytest
import torch
from packaging.requirements import Requirement

from advdemo.networks.predict import pick_device
from advdemo.ui.zerogpu import declare_gpu_function
from tests.asker import Asker
from tests.conftest import ROOT
from tests.running import running_app

# Python imports it at its start, in the workers too: writing elsewhere than in TMPDIR, and other hosts, are an end.
GUARD = """
import os, sys

def guard(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if isinstance(flags, int) else "r" not in mode
        if not writes or not isinstance(path, (str, bytes)) or os.fsdecode(path) == os.devnull:
            return
    elif event in ("os.mkdir", "os.rename", "os.remove"):
        path = arguments[0]
    elif event in ("socket.connect", "socket.getaddrinfo"):
        host = arguments[1][0] if event == "socket.connect" else arguments[0]
        if host not in ("127.0.0.1", "localhost", "0.0.0.0", None, "::1", ""):
            print("FORBIDDEN", event, host, file=sys.stderr, flush=True)
            os._exit(9)
        return
    else:
        return
    if not os.path.isdir(os.environ["TMPDIR"]):
        return  # the test is over, and a spare worker has not noticed yet
    if not os.path.abspath(os.fsdecode(path)).startswith(os.environ["TMPDIR"] + "/"):
        print("FORBIDDEN", event, path, file=sys.stderr, flush=True)
        raise OSError(30, "Read-only file system", path)

sys.addaudithook(guard)
"""


def front_matter() -> dict[str, str]:
    """The plain fields of the block at the top of README.md."""
    _, block, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    pairs = (line.split(": ", 1) for line in block.splitlines() if ": " in line)
    return {name: value.strip('"') for name, value in pairs}


def test_the_configuration_is_one_that_a_space_can_have():
    fields = front_matter()
    assert fields["sdk"] == "gradio"
    assert (ROOT / fields["app_file"]).is_file()
    assert fields["python_version"] == "3.11"
    assert len(fields["short_description"]) <= 60  # characters: the hub refuses more
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {fields["colorFrom"], fields["colorTo"]} <= colours
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = {each.name: each for each in (Requirement(line.split("#")[0]) for line in lines if line[0] != "#")}
    assert fields["sdk_version"] in wanted["gradio"].specifier  # a Space installs both together
    assert version("gradio") in wanted["gradio"].specifier


@pytest.mark.slow
def test_it_serves_with_a_space_s_variables_from_a_file_system_that_cannot_be_written_to_and_ends(
    tmp_path, capfd, monkeypatch
):
    """The whole life of an app; Ctrl-C in the middle of a training is its end, within two seconds."""
    (tmp_path / "sitecustomize.py").write_text(GUARD)
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)  # once imported, PyTorch's compiler sets it for all
    space = {
        "SYSTEM": "spaces",
        "SPACE_ID": "someone/advdemo",
        "SPACE_HOST": "someone-advdemo.hf.space",
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_ROOT_PATH": "/demo",
        "HOME": "/nonexistent",
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with running_app(**space) as (port, process):
        for name, asked in {
            "ask/scan": {
                "index": 7,
                "label": None,
                "sides": [{"network": "standard", "attack": "fgsm", "target": None}],
            },
            "follow/sweep": {"images": 100, "epsilons": "0.1"},  # in a worker
        }.items():
            headers = {"content-type": "application/json", "x-forwarded-host": space["SPACE_HOST"]}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/{name}", json.dumps(asked).encode(), headers)
            with urllib.request.urlopen(request, timeout=60) as reply:
                content = reply.read()
            assert len(content) > 500
            assert b'"error"' not in content
        for prefix in ("", "/demo"):  # taken off by a proxy, or not
            for path in ("/web/header/index.js", "/web/words/zh.json", "/"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}{prefix}{path}", timeout=60).close()
        training = Asker(f"http://127.0.0.1:{port}", "page", "8.8.8.8")
        asked = {"recipe": "quick", "epochs": 8, "learning_rate": 0.1, "seed": 0}
        assert "update" in next(training.follow("train", asked))
        started = time.perf_counter()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert time.perf_counter() - started < 2
        training.close()
    assert "FORBIDDEN" not in capfd.readouterr().err


class FakeSpaces(types.ModuleType):
    """What the app uses of the `spaces` package."""

    def __init__(self) -> None:
        super().__init__("spaces")
        self.declared: list = []

    def GPU(self, function):  # noqa: N802
        self.declared.append(function)
        return function


@pytest.mark.parametrize(("variable", "declared"), [("true", 1), ("", 0)])
def test_zerogpu_gets_its_function_and_the_cpu_its_work(monkeypatch, variable, declared):
    spaces = FakeSpaces()
    monkeypatch.setitem(sys.modules, "spaces", spaces)
    monkeypatch.setenv("SPACES_ZERO_GPU", variable)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # as the real package has it
    declare_gpu_function()
    assert len(spaces.declared) == declared
    assert pick_device().type == ("cpu" if declared else "cuda")
