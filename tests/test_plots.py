import io

import numpy as np
import pytest
from PIL import Image

from advdemo.measures.plots import CLEAN, FOOLED, TUTORIAL, accuracy_curve, example_grid
from advdemo.measures.sweep import EPSILONS, EXAMPLES, TUTORIAL_ACCURACIES, sweep


@pytest.fixture(scope="module")
def result(lenet, mnist_test):
    return sweep(lenet, mnist_test[0][:300], mnist_test[1][:300])


def pixels(figure) -> np.ndarray:
    file = io.BytesIO()
    figure.savefig(file)
    return np.asarray(Image.open(file).convert("RGB"))


def test_accuracy_curve_draws_the_sweep_and_the_tutorials(result):
    (axes,) = accuracy_curve(result).axes
    tutorial, ours = axes.lines
    assert ours.get_xdata().tolist() == list(EPSILONS)
    assert ours.get_ydata().tolist() == result.accuracies.tolist()
    assert ours.get_color() == CLEAN
    assert tutorial.get_ydata().tolist() == list(TUTORIAL_ACCURACIES)
    assert (tutorial.get_color(), tutorial.get_linestyle()) == (TUTORIAL, "--")
    assert len(axes.texts) == len(EPSILONS)


def test_accuracy_curve_without_reference_in_any_order(lenet, mnist_test):
    epsilons = [0.2, 0.0, 0.1]
    (axes,) = accuracy_curve(sweep(lenet, mnist_test[0][:50], mnist_test[1][:50], epsilons), reference=None).axes
    (ours,) = axes.lines
    assert ours.get_xdata().tolist() == [0.0, 0.1, 0.2]


def test_many_points_carry_no_labels(lenet, mnist_test):
    result = sweep(lenet, mnist_test[0][:20], mnist_test[1][:20], [step / 100 for step in range(40)])
    assert len(accuracy_curve(result).axes[0].texts) == 0


def test_example_grid_names_before_and_after(result):
    axes = np.reshape(example_grid(result).axes, (len(EPSILONS), EXAMPLES))
    for row, (epsilon, found) in enumerate(zip(EPSILONS, result.examples, strict=True)):
        assert axes[row, 0].get_ylabel() == f"ε = {epsilon:g}"
        for cell, example in zip(axes[row], found, strict=False):
            assert cell.get_title() == f"{example.before} → {example.after}"
            assert np.array_equal(cell.images[0].get_array(), example.image)
            assert cell.title.get_color() == (CLEAN if epsilon == 0 else FOOLED)


def test_an_epsilon_that_fools_none_leaves_its_row_empty(lenet, mnist_test):
    axes = example_grid(sweep(lenet, mnist_test[0][:2], mnist_test[1][:2], [0.001])).axes
    assert [len(cell.images) for cell in axes] == [0] * EXAMPLES


def test_figures_can_be_saved(result):
    for figure in (accuracy_curve(result), example_grid(result)):
        image = pixels(figure)
        assert min(image.shape[:2]) > 500
        assert len(np.unique(image @ [1, 256, 65536])) > 20  # colours
