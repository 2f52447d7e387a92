import io
import json
import os
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from advdemo.attacks import PGD
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import load_checkpoint, pack_checkpoint, parse_checkpoint, save_checkpoint
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, confusion, predict
from tests.by_hand import SHAPES
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT, ROOT


def test_checkpoint_round_trip(untrained, tmp_path, mnist_test):
    record = {"recipe": "none", "seed": 3, "per_class_accuracy": [0.1] * 10}
    path = tmp_path / "new folder" / "lenet.safetensors"
    save_checkpoint(untrained, path, record)
    loaded, read = load_checkpoint(path, "cpu")
    assert read == record
    assert loaded.state_dict().keys() == SHAPES.keys()
    assert torch.equal(predict(loaded, mnist_test[0][:10]), predict(untrained, mnist_test[0][:10]))
    assert not loaded.training
    assert os.listdir(path.parent) == [path.name]
    assert path.stat().st_mode & 0o777 == 0o644


def test_other_tools_read_the_checkpoint(untrained, tmp_path):
    save_checkpoint(untrained, tmp_path / "a.safetensors", {})
    state = load_file(tmp_path / "a.safetensors")
    assert all(torch.equal(state[name], value) for name, value in untrained.state_dict().items())


def test_checkpoint_without_a_record(untrained, tmp_path):
    save_file({name: value.contiguous() for name, value in untrained.state_dict().items()}, tmp_path / "a.safetensors")
    assert load_checkpoint(tmp_path / "a.safetensors", "cpu")[1] == {}


def test_failed_save_leaves_nothing(untrained, tmp_path):
    with pytest.raises(TypeError):
        save_checkpoint(untrained, tmp_path / "a.safetensors", {"recipe": object()})
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        save_checkpoint(untrained, tmp_path / "folder", {})
    assert os.listdir(tmp_path) == ["folder"]


def test_kill_in_the_middle_of_saving_leaves_the_old_checkpoint(untrained, tmp_path):
    path = tmp_path / "lenet.safetensors"
    save_checkpoint(untrained, path, {"seed": 1})
    before = path.read_bytes()
    code = (
        "import os, sys, time; from advdemo.networks.checkpoint import save_checkpoint\n"
        "from advdemo.networks.lenet import LeNet\n"
        "os.fsync = lambda handle: (print('writing', flush=True), time.sleep(60))\n"
        "save_checkpoint(LeNet(), sys.argv[1], {'seed': 2})"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert path.read_bytes() == before


def test_missing_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint at .*python -m advdemo train --out"):
        load_checkpoint(tmp_path / "lenet.safetensors")


def write(path, change) -> None:
    """A checkpoint of a changed state dict."""
    state = {name: value.clone().contiguous() for name, value in LeNet().state_dict().items()}
    change(state)
    save_file(state, path)


WRONG = {
    "a parameter missing": (lambda state: state.pop("fc.4.bias"), r"missing or unexpected parameters fc\.4\.bias"),
    "one too many": (lambda state: state.update(extra=torch.zeros(1)), "missing or unexpected parameters extra"),
    "a wrong shape": (lambda state: state.update({"fc.4.bias": torch.zeros(11)}), r"fc\.4\.bias must be .*\(10,\)"),
    "a wrong dtype": (lambda state: state.update({"fc.4.bias": torch.zeros(10).half()}), r"fc\.4\.bias must be .*32"),
    "NaN": (lambda state: state["conv.0.bias"].fill_(torch.nan), r"conv\.0\.bias holds values that are not finite"),
    "infinity": (lambda state: state["fc.0.weight"][0].fill_(torch.inf), r"fc\.0\.weight holds values that are not"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_wrong_checkpoint(tmp_path, change, message):
    write(tmp_path / "lenet.safetensors", change)
    with pytest.raises(ValueError, match=rf"lenet\.safetensors.*{message}"):
        load_checkpoint(tmp_path / "lenet.safetensors")


def with_header(change) -> bytes:
    """The shipped checkpoint with its JSON header changed."""
    content = CHECKPOINT.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


@pytest.mark.parametrize("begins", [b"\x80\x3b", b"PK"])
def test_a_header_whose_length_begins_as_other_files_do(begins):
    """As a pickle (0x80) and an archive (PK) of torch.save."""
    state, length = LeNet().state_dict(), int.from_bytes(begins, "little")
    short = int.from_bytes(pack_checkpoint(state, {"note": ""})[:8], "little")
    content = pack_checkpoint(state, {"note": "a" * (length - short)})
    assert content.startswith(begins)
    network, record = parse_checkpoint(content, "upload")
    assert set(record) == {"note"}
    assert network.state_dict().keys() == LeNet().state_dict().keys()


def pickled(state) -> bytes:
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


CORRUPT = {
    "empty": b"",
    "text": b"not a checkpoint, not at all",
    "a pickle": b"\x80\x02}q\x00.",
    "truncated": CHECKPOINT.read_bytes()[:-1000],
    "longer than its header says": CHECKPOINT.read_bytes() + b"\0" * 1000,
    "a header of terabytes": (2**40).to_bytes(8, "little") + b"{}",
    "a record that is not JSON": with_header(lambda header: header["__metadata__"].update(record="{")),
    "a record that is no object": with_header(lambda header: header["__metadata__"].update(record="[1]")),
}


@pytest.mark.parametrize("content", CORRUPT.values(), ids=CORRUPT)
def test_corrupt_checkpoint(tmp_path, content):
    path = tmp_path / "lenet.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"lenet\.safetensors is not a safetensors checkpoint"):
        load_checkpoint(path)
    with pytest.raises(ValueError, match=r"^upload is not a safetensors checkpoint"):
        parse_checkpoint(content, "upload")


@pytest.mark.parametrize(
    ("path", "recipe", "holdout", "at_least"),
    [(CHECKPOINT, "default", 5000, 0.993), (ROBUST_CHECKPOINT, "robust", 0, 0.988)],
)
def test_the_shipped_checkpoints_do_what_their_records_say(path, recipe, holdout, at_least, mnist_test):
    model, record = load_checkpoint(path, "cpu")
    counts = confusion(model, *mnist_test)
    per_class = (counts.diagonal() / counts.sum(1)).tolist()
    # Sums in another order on another machine may tip an image that is on the edge.
    assert accuracy(model, *mnist_test) == pytest.approx(record["test_accuracy"], abs=2e-4)
    assert per_class == pytest.approx(record["per_class_accuracy"], abs=3e-3)
    assert record["test_accuracy"] >= at_least
    assert (record["recipe"], record["holdout"]) == (recipe, holdout)


@pytest.mark.slow
def test_the_robust_checkpoint_is_as_robust_as_its_record_says(robust, mnist_test):
    images, labels = mnist_test
    figures = load_checkpoint(ROBUST_CHECKPOINT, "cpu")[1]["robustness"]
    assert sweep(robust, images, labels, [0.3]).accuracies[0] == pytest.approx(figures["fgsm"], abs=5e-4)
    by_pgd = sweep(robust, images[:500], labels[:500], [0.3], attack=PGD(step_size=0.01))
    assert by_pgd.accuracies[0] == pytest.approx(figures["pgd"], abs=0.03)
    for attack, at_least in {"fgsm": 0.95, "pgd": 0.91, "autoattack": 0.85}.items():
        assert figures[attack] >= at_least
