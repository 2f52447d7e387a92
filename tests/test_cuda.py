"""What runs on CUDA, run under a device that is made up: mixed devices fail here on every machine, and what comes out
is the CPU's to the last bit."""

import json
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from advdemo.attacks import ATTACKS, few_pixels, make_settings, pgd, square
from advdemo.attacks.latent import search_latents
from advdemo.measures import experiments, mistakes
from advdemo.measures.bounds import certified_epsilon, certified_stream
from advdemo.measures.experiments import EXPERIMENTS
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.generator import LATENT, Generator, generate
from advdemo.networks.guest import adopt
from advdemo.networks.predict import confusion, freeze, pick_device, predict
from advdemo.training.advgan import AdvGANRecipe, train_perturber
from advdemo.training.gan import Game, GanRecipe
from advdemo.training.pair import train_pair
from advdemo.training.recipes import RECIPES
from advdemo.training.train import train
from tests import pretend
from tests.bench import cuda as bench_cuda
from tests.bench import cuda_parts as bench_cuda_parts
from tests.bench.cuda_parts import Comparison, tf32
from tests.conftest import CERTIFIED_CHECKPOINT, CHECKPOINT, ROBUST_CHECKPOINT

PATHS = {"standard": CHECKPOINT, "robust": ROBUST_CHECKPOINT, "certified": CERTIFIED_CHECKPOINT}
FEW = {"square": {"queries": 8}, "rays": {"queries": 12}, "pgd": {"steps": 3}, "bpda": {"steps": 3}}
GAME = GanRecipe(epochs=2, batch_size=8)


@pytest.fixture(autouse=True)
def _device():
    with pretend.cuda():
        yield


def on(device: str, *tensors: torch.Tensor) -> list[torch.Tensor]:
    return [tensor.to(device) for tensor in tensors]


def both(compute, *tensors):
    """What `compute(device, *tensors)` gives on CUDA and on the CPU."""
    return [compute(device, *on(device, *tensors)) for device in ("cuda", "cpu")]


@pytest.fixture
def few(mnist_test):
    return mnist_test[0][:6], mnist_test[1][:6]


@pytest.fixture
def standard():
    """The network by device."""
    return {device: load_checkpoint(CHECKPOINT, device)[0] for device in ("cuda", "cpu")}


def test_the_device_refuses_what_cuda_refuses(standard, few):
    images, labels = on("cuda", *few)
    for refused in (
        lambda: images + few[0],
        lambda: few[0][images > 0.5],
        lambda: torch.cat([images, few[0]]),
        lambda: standard["cpu"](images),
        lambda: standard["cuda"](few[0]),
        lambda: labels[None] @ labels[:, None],
        lambda: torch.rand(3, generator=torch.Generator(), device="cuda"),
        lambda: torch.rand(3, generator=torch.Generator("cuda")),
        lambda: images.numpy(),
    ):
        with pytest.raises((RuntimeError, TypeError), match=r"same device|not implemented|generator|numpy"):
            refused()
    assert pick_device().type == images.device.type == "cuda"


def test_tf32_is_off(standard, few):
    backends = torch.backends
    assert (backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32) == (False, False)
    for switch in (backends.cudnn.conv, backends.cuda.matmul):
        assert switch.fp32_precision == "ieee"
    assert backends.cudnn.deterministic
    assert not backends.cudnn.benchmark
    images = few[0].to("cuda")
    exact = predict(standard["cuda"], images).cpu()
    assert torch.equal(exact, predict(standard["cpu"], few[0]))
    with tf32(True):
        assert backends.cudnn.allow_tf32
        assert backends.cudnn.conv.fp32_precision == backends.cuda.matmul.fp32_precision == "tf32"
        assert not torch.equal(predict(standard["cuda"], images).cpu(), exact)
    assert not backends.cudnn.allow_tf32


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks(name, standard, few):
    settings = make_settings(name, **FEW.get(name, {}))
    found, expected = both(lambda device, *inputs: settings.prepare(standard[device], *inputs).at(0.2), *few)
    assert found.is_cuda
    assert torch.equal(found.cpu(), expected)


@pytest.mark.parametrize("name", ["square", "rays"])
def test_black_boxes_one_by_one(name, standard, few):
    settings = make_settings(name, **FEW[name])
    found, expected = both(lambda device, image: list(settings.stream(standard[device], image, 7, 0.2)), few[0][0])
    assert [(step.queries, step.fooled) for step in found] == [(step.queries, step.fooled) for step in expected]


@pytest.mark.parametrize(("name", "queries"), [("square", 60), ("rays", 25)])
def test_black_boxes_ask_in_batches_of_few_sizes(name, queries, standard, few):
    """On CUDA of powers of two, but for the first of all; on the CPU of those images alone that are left."""
    sizes: dict[str, set[int]] = {"cuda": set(), "cpu": set()}

    class Counting(nn.Module):
        def forward(self, images):
            sizes[images.device.type].add(len(images))
            return standard[images.device.type](images)

    settings = make_settings(name, queries=queries)
    found, expected = both(lambda _, *inputs: settings.prepare(Counting(), *inputs).at(0.25).cpu(), *few)
    assert torch.equal(found, expected)
    assert sizes["cuda"] <= {6, 1, 2, 4, 8}
    assert sizes["cpu"] & {3, 5}


def test_few_pixels(standard, few):
    found, expected = both(lambda device, image: few_pixels(standard[device], image, 7, most=4), few[0][0])
    assert found[1] == expected[1]
    assert torch.equal(found[0].cpu(), expected[0])


@pytest.mark.parametrize("name", ["fgsm", "pgd"])
@pytest.mark.parametrize("targeted", [False, True])
def test_scan(name, targeted, standard, few):
    settings = make_settings(name, **FEW.get(name, {}))
    label = 3 if targeted else 7
    found, expected = both(
        lambda device, image: scan(standard[device], image, label, targeted=targeted, attack=settings), few[0][0]
    )
    assert found.flip_epsilon == expected.flip_epsilon
    assert (found.images == expected.images).all()
    assert (found.probabilities == expected.probabilities).all()


def test_sweep(standard, mnist_test):
    images, labels = mnist_test[0][:200], mnist_test[1][:200]
    found, expected = (sweep(standard[device], images, labels, batch_size=100) for device in ("cuda", "cpu"))
    assert (found.flips == expected.flips).all()
    assert (found.first_flips == expected.first_flips).all()
    assert [example.index for row in found.examples for example in row] == [
        example.index for row in expected.examples for example in row
    ]


def test_what_a_network_is_worth(standard, few):
    found, expected = both(lambda device, images, labels: confusion(standard[device], images, labels), *few)
    assert torch.equal(found, expected)
    probabilities, expected = both(lambda device, images, _: predict(standard[device], images), *few)
    assert torch.equal(probabilities.cpu(), expected)


@pytest.mark.parametrize("method", ["intervals", "crown"])
def test_proofs(method, few):
    """Of a network on CUDA a copy is proved, on the CPU."""
    networks = {device: load_checkpoint(CERTIFIED_CHECKPOINT, device)[0] for device in ("cuda", "cpu")}
    images, labels = few[0][:2], few[1][:2]
    found, expected = both(
        lambda device, image: certified_epsilon(networks[device], image, int(labels[0]), method=method), images[0]
    )
    assert found == expected > 0.1
    found, expected = both(
        lambda device, *inputs: list(certified_stream(networks[device], *inputs, [0.3, 0.1], method=method)),
        images, labels,
    )  # fmt: skip
    assert (found[-1].certified == expected[-1].certified).all()
    assert found[-1].correct[1] == 2
    assert next(networks["cuda"].parameters()).is_cuda


@pytest.mark.parametrize("name", mistakes.MISTAKES)
def test_mistakes(name, standard, mnist_test, monkeypatch):
    monkeypatch.setattr(mistakes, "IMAGES", 20)
    monkeypatch.setattr(mistakes, "FEW_IMAGES", 2)
    monkeypatch.setattr(mistakes, "STEPS", 2)
    monkeypatch.setattr(mistakes, "pgd", partial(pgd, steps=3))
    monkeypatch.setattr(mistakes, "square", lambda *inputs: square(*inputs, queries=5))
    some = mnist_test[0][:80], mnist_test[1][:80]
    found, expected = both(lambda device, *inputs: mistakes.compare(name, standard[device], *inputs), *some)
    assert found.rows == expected.rows
    assert found.reads == expected.reads


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments(name, mnist_test, monkeypatch):
    def short_scan(*inputs, attack):
        return scan(*inputs, epsilons=(0.0, 0.1, 0.3), attack=make_settings(attack, **FEW.get(attack, {})))

    monkeypatch.setattr(experiments, "scan", short_scan)
    monkeypatch.setattr(experiments, "certified_epsilon", partial(certified_epsilon, method="intervals"))
    monkeypatch.setattr(experiments, "NOISE_IMAGES", 20)
    monkeypatch.setattr(experiments, "TRANSFER_IMAGES", 2)
    row = EXPERIMENTS[name]
    networks = {
        device: {key: load_checkpoint(PATHS[key], device)[0] for key in row.needs} for device in ("cuda", "cpu")
    }
    some = mnist_test[0][:250], mnist_test[1][:250]
    found, expected = both(lambda device, *inputs: row.run(networks[device], *inputs, row.index), *some)
    assert found == expected


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_step_of_each_recipe(recipe, few):
    settings = replace(RECIPES[recipe], epochs=1)
    found, expected = (
        next(train(settings, *few, validation=few, device=torch.device(device))) for device in ("cuda", "cpu")
    )
    assert found.train_loss == expected.train_loss
    assert found.validation_accuracy == expected.validation_accuracy
    assert all(torch.equal(found.weights[name], value) for name, value in expected.weights.items())
    assert not any(value.is_cuda for value in found.weights.values())


def test_a_step_of_advgan(standard, few):
    recipe = AdvGANRecipe(epochs=1, batch_size=4)

    def learn(device, *inputs):
        *_, (perturber, share) = train_perturber(recipe, standard[device], *inputs)
        return [share, *[value.cpu() for value in perturber.state_dict().values()]]

    found, expected = both(learn, *few)
    assert found[0] == expected[0]
    assert all(map(torch.equal, found[1:], expected[1:]))


def test_the_game(mnist_test):
    """Every third step has the penalty's second derivative."""

    def play(device):
        game = Game(GanRecipe(batch_size=8, penalty_every=3), 0, torch.device(device))
        batch = [part[:8].to(device) for part in mnist_test]
        turns = [game.step(*batch, who=who) for who in ("both", "discriminator", "generator", "both")]
        drawn = generate(freeze(game.generator), torch.arange(10, device=device), seed=1)
        return turns, drawn.cpu()

    (turns, drawn), (expected_turns, expected) = play("cuda"), play("cpu")
    assert turns == expected_turns
    assert torch.equal(drawn, expected)


def test_a_search_among_a_generators_digits(standard):
    def search(device):
        torch.manual_seed(0)
        generator = freeze(Generator()).to(device)
        digits = torch.tensor([3], device=device)
        start = torch.ones(1, LATENT, device=device)
        steps = search_latents(lambda latents: generator(latents, digits), standard[device], 3, start)
        return next(steps).probabilities.tolist(), next(steps).probabilities.tolist()

    assert search("cuda") == search("cpu")


def test_resuming_a_training_of_the_gan(tmp_path, few, monkeypatch):
    """Two epochs in one go are one and another, on either device; but not one on each."""
    monkeypatch.setattr("advdemo.training.pair.load_mnist", lambda *_: few)
    monkeypatch.setattr("advdemo.training.gan.CALIBRATION", 500)
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"

    def stop(line: str) -> None:
        if line.startswith("epoch 1/2"):
            raise KeyboardInterrupt

    train_pair(whole, GAME)
    train_pair(parts, GAME, say=stop)
    with pytest.raises(ValueError, match="a training with device cuda, not cpu: go on with that, or delete it"):
        train_pair(parts, GAME, device=torch.device("cpu"))
    train_pair(parts, GAME)
    (first, _), (second, _) = load_checkpoint(whole, "cpu"), load_checkpoint(parts, "cpu")
    assert all(map(torch.equal, first.state_dict().values(), second.state_dict().values()))


class Scaled(nn.Module):
    """Its constant is no buffer: it stays where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.scale = nn.Linear(784, 10), torch.full((784,), 0.5)

    def forward(self, images):
        return self.layer(images.flatten(1) * self.scale)


def test_a_guest_that_does_not_move_is_told_so():
    assert adopt(Scaled(), "it").network.layer.weight.device.type == "cpu"
    with pytest.raises(
        ValueError, match=r"^it fails on pixels .* works on the CPU but not on cuda: make its constants"
    ):
        adopt(Scaled(), "it", "cuda")
    moved = adopt(nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), "it", "cuda")
    assert next(moved.parameters()).is_cuda


@pytest.fixture
def quick_bench(monkeypatch):
    monkeypatch.setattr(bench_cuda, "LONGEST", 0.0)
    monkeypatch.setattr(bench_cuda_parts, "NETWORKS", {"standard": "lenet", "certified": "lenet-certified"})


@pytest.mark.slow  # what it measures, the tests above hold one by one
def test_the_bench_runs(quick_bench, tmp_path, monkeypatch, capsys):
    """The first run on a real device must not be the first run."""
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
