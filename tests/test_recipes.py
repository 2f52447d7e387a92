import pytest

from advdemo.training.recipes import RECIPES, pick_recipe


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
