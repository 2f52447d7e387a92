import json
from dataclasses import replace
from functools import partial
from itertools import islice

import pytest
import torch
from torch.nn import functional as F

from advdemo.attacks import pgd
from advdemo.images.augment import augment
from advdemo.images.mnist import load_mnist
from advdemo.measures.bounds import certified_stream
from advdemo.measures.saved import sweep_record
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, freeze
from advdemo.training import certified
from advdemo.training import loop as loop_module
from advdemo.training.recipes import RECIPES, Recipe, pick_recipe
from advdemo.training.train import EpochRecord, Step, describe, hold_out, train, train_checkpoint, train_steps

CPU = torch.device("cpu")
QUICK = Recipe(about="for tests", epochs=2, batch_size=50, learning_rate=0.05, augmented=False)


@pytest.fixture(scope="module")
def thousand(mnist_test):
    """Test digits to train on: a small real training set."""
    return mnist_test[0][:1000], mnist_test[1][:1000]


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(1)


# The loop


def test_learns(thousand, mnist_test):
    validation = mnist_test[0][1000:2000], mnist_test[1][1000:2000]
    records = list(train(replace(QUICK, epochs=10), *thousand, validation=validation, device=CPU))
    assert [(record.epoch, record.epochs) for record in records] == [(epoch, 10) for epoch in range(1, 11)]
    assert records[-1].train_accuracy > 0.95
    assert records[-1].validation_accuracy > 0.9
    assert records[-1].train_loss < records[0].train_loss / 2
    model = LeNet()
    model.load_state_dict(records[-1].weights)
    assert accuracy(freeze(model), *validation) == pytest.approx(records[-1].validation_accuracy, abs=1e-3)


def test_adversarial_training_makes_robust(thousand, mnist_test):
    """Little data and small epsilons, so that it takes seconds."""
    images, labels = mnist_test[0][1000:1300], mnist_test[1][1000:1300]
    recipe = replace(QUICK, epochs=8, optimizer="adamw", learning_rate=0.005)
    accuracies = {}
    for epsilon in (0.0, 0.15):
        recipe = replace(recipe, epsilon=epsilon, attack_steps=3, warm_up=0.5)
        *_, last = train(recipe, *thousand, validation=(images, labels), device=CPU)
        model = LeNet()
        model.load_state_dict(last.weights)
        attacked = pgd(freeze(model), images, labels, 0.15, steps=10)
        accuracies[epsilon] = accuracy(model, attacked, labels)
        if epsilon:  # held-out images are attacked too
            assert accuracies[epsilon] == pytest.approx(last.validation_accuracy, abs=0.1)
    assert accuracies[0.15] > accuracies[0.0] + 0.15


def test_certified_training_makes_provable(thousand, mnist_test):
    validation = mnist_test[0][1000:1300], mnist_test[1][1000:1300]
    recipe = replace(
        QUICK, epochs=12, batch_size=25, optimizer="adamw", learning_rate=0.003, weight_decay=0.0,
        schedule="late-cosine", epsilon=0.05, certified=True, clean=0.3, start="lenet-robust",
    )  # fmt: skip
    *_, last = train(recipe, *thousand, validation=validation, device=CPU)
    model = LeNet()
    model.load_state_dict(last.weights)
    *_, proved = certified_stream(freeze(model), *validation, [0.0, 0.05])
    assert proved.accuracies[0] > 0.8
    assert proved.accuracies[1] > 0.6  # of the network that it began with nothing is
    # held-out images are judged by what is proved of them at the full epsilon
    assert last.validation_accuracy == pytest.approx(proved.accuracies[1], abs=0.01)


def test_a_training_can_begin_with_a_shipped_network(thousand, robust):
    recipe = replace(QUICK, epochs=1, learning_rate=1e-6, start="lenet-robust")
    (last,) = train(recipe, *thousand, device=CPU)
    theirs = robust.state_dict()
    assert all((value - theirs[name]).abs().max() < 1e-3 for name, value in last.weights.items())


def test_the_clean_share_keeps_accuracy(thousand, mnist_test):
    validation = mnist_test[0][1000:1300], mnist_test[1][1000:1300]
    accuracies = []
    for share in (0.0, 0.9):
        recipe = replace(
            QUICK, epochs=6, batch_size=25, optimizer="adamw", learning_rate=0.003, weight_decay=0.0,
            epsilon=0.1, certified=True, clean=share, start="lenet-robust",
        )  # fmt: skip
        *_, last = train(recipe, *thousand, device=CPU)
        model = LeNet()
        model.load_state_dict(last.weights)
        accuracies.append(accuracy(freeze(model), *validation))
    assert accuracies[1] > accuracies[0] + 0.01


def test_worst_logits_are_a_bound_and_their_gradient_is_that_of_the_plain_layers(thousand):
    """The pooling of bounds writes its gradient out: held against the library's, layer by layer."""
    model = LeNet()
    images, labels = thousand[0][:20], thousand[1][:20]
    epsilon = 0.1
    lower, upper = ((images + sign * epsilon).clamp(0, 1) for sign in (-1, 1))
    low, high = ((end - 0.1307) / 0.3081 for end in (lower, upper))
    for layer in (*model.conv, torch.nn.Flatten(), *model.fc[:-1]):
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)):
            apply = partial(F.conv2d, padding=layer.padding) if isinstance(layer, torch.nn.Conv2d) else F.linear
            positive, negative, bias = layer.weight.relu(), -(-layer.weight).relu(), layer.bias
            low, high = (
                apply(a, positive, bias) + apply(b, negative, None) for a, b in ((low, high), (high, low))
            )  # fmt: skip
        else:
            low, high = layer(low), layer(high)
    last = model.fc[-1]
    leads = last.weight[None] - last.weight[labels][:, None]
    expected = (leads.relu() * high[:, None] - (-leads).relu() * low[:, None]).sum(2)
    expected = expected + last.bias - last.bias[labels][:, None]
    found = certified.worst_logits(model, images, labels, epsilon)
    assert torch.allclose(found, expected, atol=1e-4)
    parameters = list(model.parameters())
    for ours, theirs in zip(
        torch.autograd.grad(F.cross_entropy(found, labels), parameters),
        torch.autograd.grad(F.cross_entropy(expected, labels), parameters),
        strict=True,
    ):
        assert torch.allclose(ours, theirs, atol=1e-5 + 1e-3 * theirs.abs().max().item())


def test_late_cosine_stays_and_falls(thousand):
    recipe = replace(QUICK, schedule="late-cosine", epochs=40, batch_size=20, warm_up=0.5)
    rates = [record.learning_rate for record in islice(train(recipe, *(part[:200] for part in thousand)), 40)]
    assert rates[0] < 0.001  # it begins with small steps
    assert rates[-1] < rates[-10] < rates[22]


def test_averaging_judges_and_keeps_the_mean(thousand):
    plain, averaged = (replace(QUICK, averaging=decay) for decay in (0.0, 0.9))
    (*_, last), (*_, mean) = (list(train(recipe, *thousand, device=CPU)) for recipe in (plain, averaged))
    assert last.train_loss == mean.train_loss  # the training itself is the same
    assert not torch.equal(last.weights["fc.4.weight"], mean.weights["fc.4.weight"])
    distance = (last.weights["fc.4.weight"] - mean.weights["fc.4.weight"]).norm()
    assert distance < 0.3 * last.weights["fc.4.weight"].norm()


@pytest.mark.parametrize("augmented", [False, True])
def test_the_same_seed_gives_the_same_weights(thousand, augmented):
    recipe = Recipe(about="", epochs=1, batch_size=50, learning_rate=0.05, augmented=augmented)
    torch.manual_seed(5)
    (first,) = train(recipe, *thousand, seed=3, device=CPU)
    torch.manual_seed(6)
    (second,) = train(recipe, *thousand, seed=3, device=CPU)
    (third,) = train(recipe, *thousand, seed=4, device=CPU)
    assert all(torch.equal(first.weights[name], second.weights[name]) for name in first.weights)
    assert not torch.equal(first.weights["fc.4.weight"], third.weights["fc.4.weight"])


def test_leaves_the_global_generator_alone(thousand):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    next(train(QUICK, *thousand, device=CPU))
    assert torch.equal(torch.rand(1), expected)


def test_every_step_is_told(thousand):
    events = list(train_steps(QUICK, *thousand, device=CPU))
    steps = [event for event in events if isinstance(event, Step)]
    assert [(event.epoch, event.step, event.steps) for event in steps[:20]] == [(1, n, 20) for n in range(1, 21)]
    assert len(steps) == 40
    assert isinstance(events[20], EpochRecord)
    assert len(events) == 42


def test_one_cycle_rises_and_falls(thousand):
    recipe = Recipe(about="", epochs=10, batch_size=1000, learning_rate=0.05, augmented=False)
    rates = [record.learning_rate for record in train(recipe, *thousand, device=CPU)]
    assert max(rates) == pytest.approx(0.05, rel=0.05)
    assert rates[0] < max(rates) / 5
    assert rates[-1] < max(rates) / 5


def test_plateau_ends_when_nothing_improves(thousand):
    recipe = Recipe(about="", epochs=1000, batch_size=10, learning_rate=1e-6, schedule="plateau", augmented=False)
    images, labels = thousand[0][:20], thousand[1][:20]
    assert len(list(train(recipe, images, labels, device=CPU))) == 1


def test_weights_are_a_copy(thousand):
    records = list(train(QUICK, *thousand, device=CPU))
    assert not torch.equal(records[0].weights["conv.0.weight"], records[1].weights["conv.0.weight"])


def test_describe(thousand):
    (record,) = train(pick_recipe("quick", epochs=1), *thousand, validation=thousand, device=CPU)
    line = describe(record)
    assert line.startswith("epoch 1/1 ")
    assert f"validation {record.validation_accuracy:.2%}" in line


WRONG = {
    "an unknown recipe": ({"recipe": "quik"}, "unknown recipe 'quik': choose one of default, "),
    "wrong shape": ({"images": torch.zeros(1000, 28, 28)}, "images must be"),
    "wrong labels": ({"labels": torch.zeros(999, dtype=torch.int64)}, "labels must be"),
    "wrong validation": ({"validation": (torch.zeros(1, 28, 28), torch.zeros(1))}, "images must be"),
}


@pytest.mark.parametrize(("changed", "message"), WRONG.values(), ids=WRONG)
def test_wrong_arguments(thousand, changed, message):
    arguments = {"recipe": QUICK, "images": thousand[0], "labels": thousand[1], **changed}
    with pytest.raises(ValueError, match=message):
        train(**arguments)  # before the first epoch is asked for


# Recipes


def test_pick_recipe():
    assert pick_recipe("default") == RECIPES["default"]
    assert pick_recipe("default", epochs=None) == RECIPES["default"]
    changed = pick_recipe("default", epochs=3, learning_rate=0.01)
    assert (changed.epochs, changed.learning_rate) == (3, 0.01)
    assert changed.batch_size == RECIPES["default"].batch_size


def test_default_recipe_is_what_was_asked_for():
    recipe = RECIPES["default"]
    assert recipe.epochs >= 15
    assert recipe.augmented
    assert recipe.schedule == "one-cycle"


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 0},
        {"epochs": 1001},
        {"epochs": 1.5},
        {"epochs": True},
        {"epochs": "3"},
        {"batch_size": 0},
        {"learning_rate": 0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"momentum": 1.0},
        {"about": "mine"},
        {"color": 3},
    ],
)
def test_wrong_recipe_values(changes):
    with pytest.raises(ValueError, match=f"{next(iter(changes))}.*(from|choose)"):
        pick_recipe("default", **changes)


# Augmentation


def test_augment_keeps_shape_and_range(thousand, generator):
    images = thousand[0][:200]
    before = images.clone()
    distorted = augment(images, generator)
    assert distorted.shape == images.shape
    assert distorted.dtype == torch.float32
    assert distorted.min() >= 0
    assert distorted.max() <= 1
    assert torch.equal(images, before)


def test_augment_is_reproducible(thousand):
    images = thousand[0][:20]
    first, second, third = (augment(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_every_image_gets_its_own_distortion(thousand, generator):
    distorted = augment(thousand[0][:1].repeat(10, 1, 1, 1), generator)
    assert len(distorted.flatten(1).unique(dim=0)) == 10


def test_augment_is_gentle(lenet, thousand, generator):
    assert accuracy(lenet, augment(thousand[0], generator), thousand[1]) > 0.95


def test_augment_makes_strokes_thinner_and_thicker(thousand, generator):
    images = thousand[0][:200]
    ink = augment(images, generator).sum((1, 2, 3)) / images.sum((1, 2, 3))
    assert ink.min() < 0.8
    assert ink.max() > 1.2


# The checkpoint


def test_checkpoint_and_its_record(small_mnist, tmp_path):
    lines = []
    record = train_checkpoint(
        tmp_path / "a.safetensors",
        "quick",
        overrides={"epochs": 3, "batch_size": 50, "learning_rate": 0.05},
        seed=7,
        data_dir=small_mnist,
        device=CPU,
        say=lines.append,
    )
    model, read = load_checkpoint(tmp_path / "a.safetensors", "cpu")
    assert read == record
    assert record.items() >= {"recipe": "quick", "epochs": 3, "epoch": 3, "seed": 7, "holdout": 0}.items()
    assert record.items() >= {"device": "cpu", "torch": torch.__version__, "batch_size": 50}.items()
    images, labels = load_mnist("test", small_mnist)
    assert accuracy(model, images, labels) == pytest.approx(record["test_accuracy"])
    assert [told["epoch"] for told in record["history"]] == [1, 2, 3]
    assert record["sweep"] == sweep_record(model, images, labels)
    assert record["test_accuracy"] > 0.5
    assert torch.tensor(record["per_class_accuracy"]) @ labels.bincount().float() == pytest.approx(
        record["test_accuracy"] * len(labels)
    )
    assert len(lines) == 4
    assert lines[0].startswith("epoch 1/3")
    assert f"{record['test_accuracy']:.2%}" in lines[-1]


def test_hold_out(thousand):
    (kept, kept_labels), (held_out, held_out_labels) = hold_out(*thousand, 100, seed=1)
    assert (len(kept), len(held_out)) == (900, 100)
    together = torch.cat([kept, held_out]).flatten(1).sum(1).sort().values
    assert torch.equal(together, thousand[0].flatten(1).sum(1).sort().values)
    assert torch.equal(torch.cat([kept_labels, held_out_labels]).bincount(), thousand[1].bincount())
    assert torch.equal(hold_out(*thousand, 100, seed=1)[1][0], held_out)
    assert not torch.equal(hold_out(*thousand, 100, seed=2)[1][0], held_out)


def interrupt(epoch: int, step: int):
    """An on_step that presses Ctrl-C after that step."""

    def on_step(done: Step) -> None:
        if (done.epoch, done.step) == (epoch, step):
            raise KeyboardInterrupt

    return on_step


def test_interrupt_keeps_the_last_epoch(small_mnist, tmp_path):
    options = {"seed": 1, "data_dir": small_mnist, "device": CPU}
    path = tmp_path / "a.safetensors"
    record = train_checkpoint(path, "quick", overrides={"epochs": 5}, on_step=interrupt(epoch=3, step=2), **options)
    assert (record["epoch"], record["epochs"]) == (2, 5)
    model, read = load_checkpoint(path, "cpu")
    assert read["epoch"] == 2
    epochs = train(pick_recipe("quick", epochs=5), *load_mnist("train", small_mnist), seed=1, device=CPU)
    assert torch.equal(model.state_dict()["fc.4.weight"], list(islice(epochs, 2))[1].weights["fc.4.weight"])


def test_interrupt_keeps_the_best_held_out_epoch(small_mnist, tmp_path, monkeypatch):
    validation = iter([0.3, 0.8, 0.8, 0.5])
    monkeypatch.setattr(loop_module, "_evaluate", lambda *arguments: (1.0, next(validation)))
    path = tmp_path / "a.safetensors"
    record = train_checkpoint(
        path, "quick", holdout=200, data_dir=small_mnist, device=CPU, on_step=interrupt(epoch=5, step=1)
    )
    assert (record["epoch"], record["validation_accuracy"], record["holdout"]) == (2, 0.8, 200)


def test_interrupt_before_the_first_epoch_ends(small_mnist, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_text("the old one")
    with pytest.raises(KeyboardInterrupt):
        train_checkpoint(path, "quick", data_dir=small_mnist, device=CPU, on_step=interrupt(epoch=1, step=2))
    assert path.read_text() == "the old one"


def never(step):
    raise AssertionError("it trained")


def test_refuses_before_training(small_mnist, tmp_path):
    options = {"data_dir": small_mnist, "device": CPU, "on_step": never}
    with pytest.raises(ValueError, match=r"holdout must be 0 to 999 of the 1000 training images, got 1000"):
        train_checkpoint(tmp_path / "a", holdout=1000, **options)
    with pytest.raises(ValueError, match="holdout must be"):
        train_checkpoint(tmp_path / "a", holdout=-1, **options)
    with pytest.raises(ValueError, match="epochs must be"):
        train_checkpoint(tmp_path / "a", overrides={"epochs": 0}, **options)
    with pytest.raises(IsADirectoryError, match="is a folder: name a file in it"):
        train_checkpoint(tmp_path, **options)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        train_checkpoint(tmp_path / "file" / "a", **options)


def test_record_is_strict_json(small_mnist, tmp_path):
    record = train_checkpoint(tmp_path / "a", "quick", overrides={"epochs": 1}, data_dir=small_mnist, device=CPU)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


# What is learnt from, step by step


def steps_of(monkeypatch, recipe, images, labels, seed):
    """The labels of every batch, in the order learnt."""
    seen = []

    def step(training, images, labels, done):
        seen.append(labels.tolist())
        return torch.zeros(len(images), 10)

    monkeypatch.setattr(loop_module._Training, "step", step)
    list(train_steps(recipe, images, labels, seed=seed, device=CPU))
    return seen


def test_the_seed_decides_the_order_of_the_images(thousand, monkeypatch):
    recipe = pick_recipe("quick", epochs=2, batch_size=100)
    once, again, other = (steps_of(monkeypatch, recipe, *thousand, seed) for seed in (0, 0, 1))
    assert once == again
    assert once != other
    assert once[:10] != once[10:]  # a new order in each epoch
    assert sorted(label for batch in once[:10] for label in batch) == sorted(thousand[1].tolist())


def test_the_attack_grows_to_its_size_over_the_warm_up(thousand, monkeypatch):
    sizes = []

    def attack(network, images, labels, epsilon, steps, generator):
        sizes.append(epsilon)
        return images

    monkeypatch.setattr(loop_module, "_attack", attack)
    recipe = replace(pick_recipe("robust", epochs=2, batch_size=250), epsilon=0.2, warm_up=0.5)
    list(train_steps(recipe, *thousand, device=CPU))
    assert sizes == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2, 0.2, 0.2, 0.2])


def test_distorted_images_are_turned_by_up_to_ten_degrees(monkeypatch):
    for name in ("SHEAR", "SCALE", "SHIFT", "THINNER", "THICKER"):
        monkeypatch.setattr(f"advdemo.images.augment.{name}", 0.0)
    monkeypatch.setattr("advdemo.images.augment.STEEPER", 1.0)
    bar = torch.zeros(200, 1, 28, 28)
    bar[:, :, 4:24, 13:15] = 1.0
    turned = augment(bar, torch.Generator().manual_seed(0))[:, 0]
    rows, columns = torch.meshgrid(torch.arange(28.0) - 13.5, torch.arange(28.0) - 13.5, indexing="ij")
    both, across, down = ((turned * weight).sum((1, 2)) for weight in (rows * columns, columns**2, rows**2))
    angles = torch.rad2deg(0.5 * torch.atan2(2 * both, down - across))
    assert 8 < angles.abs().max() < 10.5
    assert angles.min() < -5 < 5 < angles.max()
