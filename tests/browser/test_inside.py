import re

import pytest
import torch
from playwright.sync_api import expect

from advdemo.attacks.fgsm import fgsm
from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from tests.browser.tabs import settle
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT
from tests.toolkits import every_number

LAYERS = ("conv1", "pool1", "conv2", "pool2", "fc1", "fc2")


def look_inside(show, query=""):
    visitor = show(query)
    if "inside" not in query:
        visitor.find("inside").locator("summary").click()
    expect(visitor.find("conv1")).to_be_visible()
    return visitor


def weights_come_once(visitor):
    asked = [url for url in visitor.requests if url.endswith(".safetensors")]
    return 1 <= len(asked) == len(set(asked))


def expected_numbers(path, index, epsilon):
    """What goes through the network, for the digit and for its adversarial image."""
    network = load_checkpoint(path, "cpu")[0]
    images, labels = load_mnist("test")
    image, label = images[index : index + 1], labels[index : index + 1]
    return every_number(network, torch.cat([image, fgsm(network, image, label, epsilon)]))


def point_at(visitor, layer, x, y):
    """Hover over a place of a layer's maps; the unit there."""
    canvas = visitor.find(layer)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.hover(position={"x": x * box["width"], "y": y * box["height"]})
    expect(visitor.find("detail")).to_be_visible()
    return int(canvas.get_attribute("aria-valuenow")) - 1


def shown(visitor):
    """The values of the unit pointed at: for the original and for the attacked picture."""
    rows = visitor.page.locator(".detail-row")
    return [float(rows.nth(i).get_attribute("data-value")) for i in range(2)]


def test_every_layer_is_pytorch_s_and_follows_the_slider_without_a_request(visit):
    visitor = look_inside(visit, "#index=63&epsilon=0.2&inside=1")
    assert weights_come_once(visitor)
    settle(visitor)
    visitor.requests.clear()
    for epsilon in (0.2, 0.07):
        visitor.set_epsilon(epsilon)
        numbers = expected_numbers(CHECKPOINT, 63, epsilon)
        for place, layer in enumerate(LAYERS, start=1):
            unit = point_at(visitor, layer, 0.72, 0.4)
            assert shown(visitor) == pytest.approx(numbers[place][:, unit].tolist(), abs=1e-4), (layer, unit)
        scores = visitor.page.locator(".scores button .attacked").all_inner_texts()
        assert [float(score.replace("−", "-")) for score in scores] == pytest.approx(numbers[7][1].tolist(), abs=0.051)
    assert visitor.requests == []


def test_arrow_keys_walk_over_the_maps_and_a_black_box_is_closed(look):
    visitor = look_inside(look)
    canvas = visitor.find("pool2")
    canvas.focus()
    assert float(canvas.get_attribute("aria-valuenow")) >= 1  # where the attack changes most
    visitor.page.keyboard.press("Home")
    visitor.page.keyboard.press("ArrowDown")
    for _ in range(5):
        visitor.page.keyboard.press("ArrowRight")
    assert canvas.get_attribute("aria-valuetext") == "After pooling, 5×5: map 2, row 2, column 1"
    values = visitor.page.locator(".detail-row .sum-told").first.inner_text()
    four, largest = values.removeprefix("The largest of ").split(": ")
    assert max(map(float, four.split(", "))) == float(largest)
    visitor.page.keyboard.press("Escape")
    expect(visitor.find("detail")).to_be_hidden()
    visitor.find("attack").select_option("blackbox")
    expect(visitor.page.locator(".inside-told")).to_have_text(
        "A black-box attack does not see inside the network. Choose another attack."
    )
    expect(visitor.find("conv1")).to_be_hidden()


def test_a_comparison_is_looked_into_side_by_side_and_weights_come_once(visit):
    visitor = look_inside(visit, "#index=63&epsilon=0.3&compare=robust&inside=1")
    unit = point_at(visitor, "fc1", 0.5, 0.1)
    visitor.page.get_by_role("button", name="Robust LeNet, FGSM", exact=True).click()
    numbers = expected_numbers(ROBUST_CHECKPOINT, 63, 0.3)
    expect(visitor.page.locator(".scores button .original").nth(3)).to_have_text(f"{numbers[7][0, 3]:.1f}")
    assert shown(visitor) == pytest.approx(numbers[5][:, unit].tolist(), abs=1e-4)
    before = visitor.page.locator(".scores").inner_text()
    visitor.find("random").click()
    expect(visitor.page.locator(".scores")).not_to_have_text(before)
    assert weights_come_once(visitor)
    assert "inside=1" in visitor.page.url
    visitor.find("inside").locator("summary").click()
    expect(visitor.page).not_to_have_url(re.compile("inside=1"))
