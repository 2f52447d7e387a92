"""Other people's checkpoints: the tutorial's pickled module and whatever else torch.save writes."""

import base64
import hashlib
import io
import os
import pickle

import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from advdemo.cli.show import find_network, name_of
from advdemo.networks.checkpoint import load_checkpoint, parse_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import predict
from advdemo.ui.service.networks import UNFIT


class Net(nn.Module):
    """The tutorial's: the same layers, the normalisation outside."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.fc = nn.Sequential(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


STATE = LeNet().state_dict()


def saved(what, **how) -> bytes:
    file = io.BytesIO()
    torch.save(what, file, **how)
    return file.getvalue()


def with_prefix(prefix):
    return {prefix + name: value for name, value in STATE.items()}


def module_of(state) -> Net:
    net = Net()
    net.load_state_dict(dict(zip(net.state_dict(), state.values(), strict=True)))
    return net


TAKEN = {
    "a state dict": lambda: saved(STATE),
    "the same before torch 1.6": lambda: saved(STATE, _use_new_zipfile_serialization=False),
    "a whole module": lambda: saved(lenet_of(STATE)),
    "a module with passing buffers": lambda: saved(fast_of(STATE)),
    "a module in a dict": lambda: saved({"model": lenet_of(STATE), "epoch": 3}),
    "DataParallel": lambda: saved(with_prefix("module.")),
    "compiled": lambda: saved(with_prefix("_orig_mod.module.")),
    "under state_dict": lambda: saved({"state_dict": STATE, "epoch": 3}),
    "under model": lambda: saved({"model": with_prefix("module."), "optimizer": {"lr": 0.1}}),
    "safetensors with prefix": lambda: save(with_prefix("module.")),
    **{
        str(kind)[6:]: lambda kind=kind: saved({name: value.to(kind) for name, value in STATE.items()})
        for kind in (torch.float16, torch.bfloat16, torch.float64)
    },
    "safetensors in half": lambda: save({name: value.half() for name, value in STATE.items()}),
}


def fast_of(state) -> FastLeNet:
    network = FastLeNet()
    network.load_state_dict(state)
    return network


def lenet_of(state) -> LeNet:
    network = LeNet()
    network.load_state_dict(state)
    return network


@pytest.mark.parametrize("kind", TAKEN)
def test_everybody_s_checkpoints_are_read(kind, tmp_path, mnist_test):
    (tmp_path / "net.pth").write_bytes(TAKEN[kind]())
    network, record = load_checkpoint(tmp_path / "net.pth", "cpu")
    assert record == {}
    images = mnist_test[0][:20]
    expected = predict(lenet_of(STATE).eval(), images)
    assert torch.allclose(predict(network, images), expected, atol=3e-3 if "16" in kind or "half" in kind else 1e-6)


def test_the_classes_of_a_module_need_not_be_there(monkeypatch):
    """As in the tutorial, whose class stands in a notebook's __main__."""
    monkeypatch.setattr(Net, "__module__", "__main__")
    import __main__

    monkeypatch.setattr(__main__, "Net", Net, raising=False)
    content = saved(module_of(STATE))
    monkeypatch.delattr(__main__, "Net")
    assert b"__main__" in content
    network, _ = parse_checkpoint(content, "it")
    assert torch.equal(network.state_dict()["fc.4.bias"], STATE["fc.4.bias"])


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/advdemo-was-run",)


class Big(nn.Module):
    """As in the PyTorch examples."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)


def changed(**values):
    return saved(STATE | {name.replace("_", "."): value for name, value in values.items()})


REFUSED = {
    "code in a state dict": (lambda: saved({"state_dict": STATE, "more": Evil()}), "wants posix.system", "wants"),
    "code alone": (lambda: saved(Evil()), "wants posix.system", "wants"),
    "a plain pickle": (lambda: pickle.dumps(Evil()), "damaged", "damaged"),
    "a module before torch 1.6": (
        lambda: saved(lenet_of(STATE), _use_new_zipfile_serialization=False), "before torch 1.6", "old"),
    "TorchScript": (lambda: scripted(), "TorchScript", "script"),
    "other layers": (lambda: saved(Big().state_dict()), r"unexpected parameters conv.*advdemo show", "layers"),
    "other shapes": (lambda: changed(fc_4_bias=torch.zeros(11)), r"must be .*\(10,\).*advdemo show", "layers"),
    "a list": (lambda: saved([1, 2]), "no network but a list", "nothing"),
    "no tensors": (lambda: saved({"epoch": 3}), "no network but a dict without tensors", "nothing"),
    "Git LFS": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull", "lfs"),
    "a web page": (lambda: b"\n<!DOCTYPE html><html>404</html>", "web page", "html"),
    "nothing": (lambda: b"", "empty", "empty"),
    "half a file": (lambda: saved(STATE)[:100_000], "damaged or cut", "damaged"),
    "half an old file": (
        lambda: saved(STATE, _use_new_zipfile_serialization=False)[:100_000], "damaged or cut", "damaged"),
    "NaN": (lambda: changed(fc_4_bias=torch.full((10,), torch.nan)), "not finite", "not_finite"),
    "huge values": (lambda: saved({name: value * 1e20 for name, value in STATE.items()}), "not finite", "not_finite"),
    "tiny values": (lambda: saved({name: value * 1e-40 for name, value in STATE.items()}), "so small", "tiny"),
    "beyond single": (lambda: saved({k: v.double() * 1e200 for k, v in STATE.items()}), "not finite", "not_finite"),
    "stretched": (lambda: changed(fc_0_weight=torch.zeros(1).expand(10**6, 10**6)), "must be", "layers"),
}  # fmt: skip


def scripted() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(lenet_of(STATE).eval(), torch.zeros(1, 1, 28, 28)), file)
    return file.getvalue()


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_says_what_it_found(kind, tmp_path):
    make, message, reason = REFUSED[kind]
    path = tmp_path / "net.pth"
    path.write_bytes(make())
    with pytest.raises(ValueError, match=f"^net.pth.*{message}") as refused:
        load_checkpoint(path)
    assert refused.value.kind == reason
    assert not os.path.exists("/tmp/advdemo-was-run")


def test_a_folder_is_no_checkpoint(tmp_path):
    with pytest.raises(ValueError, match="is a folder: name the checkpoint's file"):
        load_checkpoint(tmp_path)


def test_what_torch_allows_is_as_before():
    before = set(torch.serialization.get_safe_globals())  # torch itself lists a set, in any order
    parse_checkpoint(saved(lenet_of(STATE)), "it")
    assert set(torch.serialization.get_safe_globals()) == before


def test_every_reason_has_words():
    assert {reason for _, _, reason in REFUSED.values()} == UNFIT.keys()


def test_the_page_takes_the_tutorial_s_file_and_keeps_it_as_safetensors(asker):
    content = saved(lenet_of(STATE))
    status, reply = asker.ask("judge", {"weights": base64.b64encode(content).decode()})
    assert status == 200
    kept = reply["judged"]["weights"].tobytes()
    assert all(torch.equal(value, STATE[name]) for name, value in load(kept).items())
    assert reply["judged"]["hash"] == hashlib.sha256(kept).hexdigest()
    status, _ = asker.ask("scan", {"index": 7, "sides": [{"network": reply["judged"]["hash"]}]})
    assert status == 200
    _, reply = asker.ask("judge", {"weights": base64.b64encode(kept).decode()})
    assert "weights" not in reply["judged"]
    status, error = asker.ask("judge", {"weights": base64.b64encode(saved(Evil())).decode()})
    assert (status, error["key"], error["values"]) == (400, "errors.file_wants", {"wanted": "posix.system"})


def test_show_takes_a_file(tmp_path):
    (tmp_path / "mnist_net.pth").write_bytes(saved(lenet_of(STATE)))
    place = str(tmp_path / "mnist_net.pth")
    assert name_of(place) == "mnist_net"
    assert torch.equal(find_network(place).state_dict()["fc.4.bias"].cpu(), STATE["fc.4.bias"])
