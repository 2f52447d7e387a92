from dataclasses import replace
from itertools import islice

import pytest
import torch

from advdemo.networks.fast import FastLeNet
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import accuracy, freeze, predict
from advdemo.training import loop as loop_module
from advdemo.training.recipes import Recipe, pick_recipe
from advdemo.training.train import EpochRecord, Step, describe, train, train_steps

CPU = torch.device("cpu")
QUICK = Recipe(about="for tests", epochs=2, batch_size=50, learning_rate=0.05, augmented=False)


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


def test_a_training_can_begin_with_a_shipped_network(thousand, robust):
    recipe = replace(QUICK, epochs=1, learning_rate=1e-6, start="lenet-robust")
    (last,) = train(recipe, *thousand, device=CPU)
    theirs = robust.state_dict()
    assert all((value - theirs[name]).abs().max() < 1e-3 for name, value in last.weights.items())


def test_late_cosine_stays_and_falls(thousand):
    recipe = replace(QUICK, schedule="late-cosine", epochs=40, batch_size=4, warm_up=0.5)
    rates = [record.learning_rate for record in islice(train(recipe, *(part[:40] for part in thousand)), 40)]
    assert rates[0] < 0.001  # it begins with small steps
    assert rates[-1] < rates[-10] < rates[22]


def test_averaging_judges_and_keeps_the_mean(thousand):
    plain, averaged = (replace(QUICK, averaging=decay) for decay in (0.0, 0.9))
    (*_, last), (*_, mean) = (list(train(recipe, *thousand, device=CPU)) for recipe in (plain, averaged))
    assert last.train_loss == mean.train_loss  # the training itself is the same
    assert not torch.equal(last.weights["fc.4.weight"], mean.weights["fc.4.weight"])
    distance = (last.weights["fc.4.weight"] - mean.weights["fc.4.weight"]).norm()
    assert distance < 0.3 * last.weights["fc.4.weight"].norm()


def test_smoothed_labels_leave_room_for_doubt(thousand):
    """The loss is lowest where the true class has 0.55 and the others share the rest."""
    sure = {}
    for smoothing in (0.0, 0.5):
        *_, last = train(replace(QUICK, epochs=5, label_smoothing=smoothing), *thousand, device=CPU)
        model = LeNet()
        model.load_state_dict(last.weights)
        sure[smoothing] = float(predict(freeze(model), thousand[0]).amax(1).mean())
    assert sure[0.5] < 0.65 < 0.8 < sure[0.0]


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


def test_when_its_time_is_over_the_epoch_under_way_is_measured_and_is_the_last(thousand, monkeypatch):
    clock = iter(range(10**6))
    monkeypatch.setattr("advdemo.training.loop.time.perf_counter", lambda: next(clock))
    *_, before, last = train_steps(QUICK, *thousand, validation=thousand, device=CPU, until=30)
    assert (before.epoch, last.epoch) == (2, 2)
    assert 1 < before.step < before.steps == 20
    assert last.train_accuracy > 0.25  # images and labels belong together
    network = FastLeNet()
    network.load_state_dict(last.weights)
    assert last.validation_accuracy == pytest.approx(accuracy(network, *thousand))


def test_one_cycle_rises_and_falls(thousand):
    recipe = Recipe(about="", epochs=10, batch_size=20, learning_rate=0.05, augmented=False)
    rates = [record.learning_rate for record in train(recipe, *(part[:20] for part in thousand), device=CPU)]
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
