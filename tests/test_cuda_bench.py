"""The bench of a CUDA device, under the made-up one: the first run on a real card must not be the first run."""

import json

import pytest
import torch

from advdemo.training.recipes import RECIPES
from tests import pretend
from tests.bench import cuda as bench_cuda
from tests.bench import cuda_parts as bench_cuda_parts
from tests.bench.cuda_parts import Comparison


@pytest.fixture(autouse=True)
def _device():
    with pretend.cuda():
        yield


@pytest.fixture
def quick_bench(monkeypatch):
    monkeypatch.setattr(bench_cuda, "LONGEST", 0.0)
    monkeypatch.setattr(bench_cuda_parts, "NETWORKS", {"standard": "lenet", "certified": "lenet-certified"})


@pytest.mark.slow  # what it measures, the other tests of CUDA hold one by one
def test_the_bench_runs(quick_bench, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bench_cuda", "--tiny", "--out", str(tmp_path / "cuda.json")])
    bench_cuda.main()
    rows = json.loads((tmp_path / "cuda.json").read_text())
    assert rows["machine / card"] == pretend.NAME
    assert rows["agreement / standard / float32 / largest difference of a logit"] == 0.0
    assert rows["agreement / standard / TF32 / largest difference of a logit"] > 0.0
    assert rows["proofs / outside, standard / float32 on CUDA"] == 0
    assert rows["proofs / outside, standard / TF32 on CUDA"] > 0
    assert rows["seconds / sweep, 12 x 7"] > 0.0
    assert 0.0 < rows["seconds / quick recipe, accuracy"] <= 1.0
    assert {name for name, value in rows.items() if value is True} == {"machine / flags / deterministic"} | {
        f"trainings / {name}, same weights" for name in (*RECIPES, "AdvGAN", "game", "game, resumed")
    }
    assert f"| machine / card | {pretend.NAME} |" in capsys.readouterr().out


def test_the_bench_objects_to_what_must_not_be(monkeypatch, capsys):
    monkeypatch.setattr(bench_cuda, "PARTS", ("machine", "attacks"))
    monkeypatch.setattr(Comparison, "attacks", lambda bench: {"pgd": {"accuracy, cuda": 0.1, "beyond epsilon": 0.01}})
    monkeypatch.setattr(bench_cuda, "seconds", lambda bench: 1 / 0)
    monkeypatch.setattr("sys.argv", ["bench_cuda", "--tiny"])
    with pytest.raises(SystemExit) as ended:
        bench_cuda.main()
    assert str(ended.value).splitlines()[1:] == [
        "seconds / failed: ZeroDivisionError: division by zero",
        "attacks / pgd / beyond epsilon: 0.01",
    ]
    wrong = {"trainings": {"game, same weights": False}, "proofs": {"by CROWN, that differ": 1, "proved by CROWN": 1}}
    assert len(bench_cuda.objections(wrong)) == 2


def test_the_bench_without_a_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["bench_cuda"])
    with pytest.raises(SystemExit, match="There is no CUDA device here"):
        bench_cuda.main()
