"""Starting and stopping: with broken files, a taken port, Ctrl-C."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from advdemo import serve
from advdemo.networks.checkpoint import save_checkpoint
from advdemo.training.reproduce import load_result
from advdemo.ui.tabs.records import accuracies, reference, robustness
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT, ROOT, running_app

WHOLE = ROBUST_CHECKPOINT.read_bytes()
FOREIGN = b"\x02\x00\x00\x00\x00\x00\x00\x00{}"  # safetensors without a tensor
BROKEN = {"empty": b"", "cut": WHOLE[:1000], "cut late": WHOLE[:-10], "foreign": FOREIGN, "text": b"hello" * 100}


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


def copy_of_the_app(folder):
    shutil.copy(ROOT / "app.py", folder)
    (folder / "advdemo").symlink_to(ROOT / "advdemo")
    shutil.copytree(ROOT / "checkpoints", folder / "checkpoints")
    return folder / "app.py"


def test_it_ends_with_a_sentence_and_1(tmp_path):
    program = copy_of_the_app(tmp_path)
    (tmp_path / "checkpoints" / CHECKPOINT.name).write_bytes(b"")
    run = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert run.stderr.startswith("Error: lenet.safetensors")
    assert len(run.stderr.splitlines()) == 1


def test_a_taken_port_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        environment = os.environ | {"GRADIO_SERVER_PORT": port, "GRADIO_SERVER_NAME": "127.0.0.1"}
        run = subprocess.run(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
        )
    assert run.returncode == 1
    assert f"port {port} is taken" in run.stderr
    assert "Traceback" not in run.stderr


def test_ctrl_c_during_a_training_ends_within_two_seconds():
    with running_app() as (port, process):
        question = {"recipe": "quick", "epochs": 8, "learning_rate": 0.1, "seed": 0}
        with socket.create_connection(("127.0.0.1", port)) as connection:
            body = json.dumps(question).encode()
            headers = f"content-type: application/json\r\ncontent-length: {len(body)}"
            connection.sendall(f"POST /follow/train HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n".encode() + body)
            assert b"update" in connection.recv(4096) + connection.recv(4096)
            started = time.perf_counter()
            os.kill(process.pid, signal.SIGINT)
            assert process.wait(20) == 130
            assert time.perf_counter() - started < 2
