"""Starting: with broken files, at a taken port, for Gradio's reloader. `test_spaces.py` starts and ends an app."""

import os
import runpy
import socket
import subprocess
import sys

import pytest

from advdemo import serve
from advdemo.attacks import ATTACKS
from advdemo.networks.checkpoint import save_checkpoint
from advdemo.training.reproduce import load_result
from advdemo.ui.component import attack_rows
from advdemo.ui.requests import ScanRequest, parse
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.service import Service
from advdemo.ui.service.networks import Networks
from advdemo.ui.tabs.records import accuracies, reference, robustness
from tests.conftest import ROBUST_CHECKPOINT, ROOT

WHOLE = ROBUST_CHECKPOINT.read_bytes()
FOREIGN = b"\x02\x00\x00\x00\x00\x00\x00\x00{}"  # safetensors without a tensor
GENERATOR = ROBUST_CHECKPOINT.with_name("generator.safetensors").read_bytes()
BROKEN = {
    "generator": GENERATOR,
    "empty": b"",
    "cut": WHOLE[:1000],
    "cut late": WHOLE[:-10],
    "foreign": FOREIGN,
    "text": b"hello" * 100,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_robust_network_is_left_out(tmp_path, monkeypatch, capsys, content):
    path = tmp_path / "lenet-robust.safetensors"
    path.write_bytes(content)
    monkeypatch.setitem(serve.OTHERS, "robust", path)
    assert list(serve.load_networks()) == ["standard", "certified"]
    (line,) = capsys.readouterr().err.splitlines()
    assert "lenet-robust.safetensors" in line
    assert "git checkout" in line


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_standard_network_is_one_sentence(tmp_path, monkeypatch, content):
    path = tmp_path / "lenet.safetensors"
    path.write_bytes(content)
    monkeypatch.setattr(serve, "CHECKPOINT", path)
    with pytest.raises(ValueError, match=r"lenet\.safetensors.*git checkout"):
        serve.load_networks()


@pytest.mark.parametrize("content", [None, *BROKEN.values()], ids=["missing", *BROKEN])
def test_without_advgan_s_generator_it_is_not_offered(tmp_path, monkeypatch, capsys, lenet, mnist_test, content):
    path = tmp_path / "advgan.safetensors"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr("advdemo.ui.service.attacks.SHIPPED", path)
    here = Service(Networks({"standard": lenet}), *mnist_test).offered
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Starting without AdvGAN: ")
    assert "advgan.safetensors" in line
    assert "train-advgan" in line
    assert set(ATTACKS) - set(here.attacks) == {"advgan"}
    assert "advgan" not in attack_rows(here.attacks)
    with pytest.raises(RefusalError) as refused:
        parse(ScanRequest, {"index": 1, "sides": [{"attack": "advgan"}]}, here)
    assert refused.value.key == "errors.unknown_attack"
    assert "advgan" not in refused.value.values["attacks"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"runs": []}',
        '{"runs": [{}]}',
        '{"runs": [5]}',
        '{"runs": [{"cross-entropy": ["a"], "nll-on-logits": [1]}]}',
        '{"runs": [{"cross-entropy": [9, 9, 9, 9, 9, 9, 9], "nll-on-logits": [0, 0, 0, 0, 0, 0, 0]}]}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_a_broken_reproduction_is_left_out(tmp_path, monkeypatch, caplog, text):
    path = tmp_path / "reproduction.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="python -m advdemo reproduce"):
        load_result(path)
    monkeypatch.setattr("advdemo.ui.tabs.records.load_result", lambda: load_result(path))
    assert reference()["reproduced"] is None
    assert "reproduction.json" in caplog.text


def test_the_reproduction_is_read():
    assert len(reference()["reproduced"]) == 7


def test_what_is_no_figure_is_left_out(caplog):
    records = {
        "standard": {"test_accuracy": "high", "robustness": [1]},
        "robust": {"test_accuracy": 0.98, "robustness": {"fgsm": 0.5, "pgd": None, "clean": "x", "epsilon": 7}},
    }
    assert accuracies(records) == {"robust": 0.98}
    counts = {"autoattack_images": None, "pixels": None, "pixels_images": None}
    assert robustness(records) == {"standard": None, "robust": {"fgsm": 0.5} | counts}
    assert "git checkout" in caplog.text


def test_a_killed_save_is_cleaned_up_and_a_full_disk_named(tmp_path, lenet, monkeypatch):
    path = tmp_path / "lenet.safetensors"
    old, young = tmp_path / ".lenet.safetensors.old", tmp_path / ".lenet.safetensors.young"
    for left in (old, young):
        left.write_text("left by a save that was killed")
    os.utime(old, (0, 0))
    save_checkpoint(lenet, path, {})
    assert sorted(tmp_path.iterdir()) == sorted([path, young])  # the young one may be under way

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        save_checkpoint(lenet, path, {})
    assert caught.value.filename == str(path)
    assert sorted(tmp_path.iterdir()) == sorted([path, young])


def run_app():
    """`python app.py`, in this process, which has imported already what it imports; what it ends with."""
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "app.py"), run_name="__main__")
    return ended.value.code  # Python prints a sentence, and ends with 1


@pytest.mark.parametrize("content", [b"", GENERATOR], ids=["empty", "generator"])
def test_it_ends_with_a_sentence(tmp_path, monkeypatch, content):
    (tmp_path / "lenet.safetensors").write_bytes(content)
    monkeypatch.setattr(serve, "CHECKPOINT", tmp_path / "lenet.safetensors")
    serve.shipped_page.cache_clear()
    sentence = run_app()
    assert sentence.startswith("Error: lenet.safetensors")
    assert "\n" not in sentence


def test_too_little_memory_is_a_sentence(monkeypatch):
    def allocate():
        raise MemoryError

    monkeypatch.setattr(serve, "load_networks", allocate)
    serve.shipped_page.cache_clear()
    assert run_app().startswith("Error: there is not enough memory")


RELOADED_AND_STARTED = """
import runpy

from gradio.cli.commands.reload import reload_thread

from advdemo.serve import shipped_page
from advdemo.ui.page import launch

reload_thread.running_reload = True  # as `gradio app.py` marks the thread that reads the file again
launch(shipped_page())
print("it has its page back")
reload_thread.running_reload = False
runpy.run_path("app.py", run_name="__main__")
"""


def test_the_reloader_gets_its_page_back_and_a_taken_port_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environment = os.environ | {"GRADIO_SERVER_PORT": port, "GRADIO_SERVER_NAME": "127.0.0.1"}
        command = [sys.executable, "-c", RELOADED_AND_STARTED]
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90)
    assert run.stdout.startswith("it has its page back\n")
    assert run.returncode == 1
    assert f"port {port} is taken" in run.stderr
    assert "Traceback" not in run.stderr
