"""The slider and what it shows, without a request: at every tick the network's real output, for each attack."""

import numpy as np
import pytest
from playwright.sync_api import expect

from advdemo.attacks.fgsm import perturb
from advdemo.measures.scan import scan
from advdemo.networks.predict import predict
from tests.browser.tabs import hash_of, pick, settle

BARS = """() => [...document.querySelectorAll(".explore .bars .meter")].map((meter) =>
    [...meter.querySelectorAll("i")].map((bar) => Number(bar.style.transform.slice("scaleX(".length, -1))))"""


def test_something_is_on_screen_from_the_start(visit):
    visitor = visit()
    assert visitor.find("prediction-clean").get_attribute("data-digit") in "0123456789"
    assert max(visitor.pixels("image-clean")) == 255
    assert not [request for request in visitor.requests if "queue" in request]


def test_every_tick_shows_the_model_s_output_at_that_epsilon(look, lenet, mnist_test):
    visitor = look()
    index = pick(visitor, 30)
    images, labels = mnist_test
    expected = scan(lenet, images[index], int(labels[index]))
    visitor.requests.clear()
    for step in range(0, 101, 4):
        visitor.set_epsilon(step / 200)
        assert visitor.find("epsilon-value").inner_text() == f"{step / 200:.3f}"
        shown = visitor.find("prediction-adversarial")
        digit = int(shown.get_attribute("data-digit"))
        assert digit == expected.probabilities[step].argmax()
        assert float(shown.get_attribute("data-confidence")) == pytest.approx(
            expected.probabilities[step].max(), abs=1e-5
        )
        assert np.abs(np.array(visitor.pixels("image-adversarial")) - expected.images[step].flatten()).max() <= 1
        bars = np.array(visitor.page.evaluate(BARS))
        np.testing.assert_allclose(bars, expected.probabilities[[0, step]].T, atol=1e-5)
    assert visitor.requests == []  # the slider is silent
    flip = visitor.find("flip-epsilon").get_attribute("data-epsilon")
    assert (float(flip) if flip else None) == expected.flip_epsilon


def test_the_flip_point_is_where_the_prediction_changes(look, lenet, mnist_test):
    visitor = look()
    index = pick(visitor, 9)
    flip = float(visitor.find("flip-epsilon").get_attribute("data-epsilon"))
    images, labels = mnist_test
    image, label = images[index : index + 1], int(labels[index])
    sign = scan(lenet, image, label).sign.reshape(1, 1, 28, 28).astype(np.float32)
    at, before = (
        predict(lenet, perturb(image, lenet.fc[0].weight.new_tensor(sign), e)).argmax() for e in (flip, flip - 2e-4)
    )
    assert before == label != at
    visitor.find("flip-epsilon").click()
    assert visitor.find("prediction-adversarial").get_attribute("data-digit") != str(label)


def test_keys_move_the_slider_and_say_so(look):
    visitor = look()
    slider = visitor.find("epsilon")
    slider.focus()
    for key, value in (
        ("Home", "0.000"),
        ("ArrowRight", "0.005"),
        ("ArrowUp", "0.010"),
        ("End", "0.500"),
        ("ArrowLeft", "0.495"),
    ):
        visitor.page.keyboard.press(key)
        assert visitor.find("epsilon-value").inner_text() == value
        assert slider.get_attribute("aria-valuetext").startswith(f"epsilon {value}: ")
    visitor.page.keyboard.press("PageDown")
    assert float(visitor.find("epsilon-value").inner_text()) < 0.495


def test_epsilon_zero_shows_the_clean_image(look):
    visitor = look()
    visitor.set_epsilon(0)
    assert visitor.pixels("image-adversarial") == visitor.pixels("image-clean")
    assert visitor.find("prediction-adversarial").inner_text() == visitor.find("prediction-clean").inner_text()


def test_play_rests_where_the_network_is_fooled(look):
    visitor = look("#index=63&epsilon=0.4")
    button = visitor.page.locator(".play")
    button.click()  # from 0 again
    expect(button).to_contain_text("Pause")
    expect(visitor.find("epsilon-value")).to_have_text("0.090", timeout=10_000)
    expect(button).to_contain_text("Play")


def test_a_pause_rests_where_it_is(look):
    visitor = look("#index=63&attack=noise&epsilon=0.05")
    button = visitor.page.locator(".play")
    button.click()
    expect(visitor.find("epsilon-value")).not_to_have_text("0.050")
    button.click()
    assert hash_of(visitor.page)["epsilon"] == visitor.find("epsilon").input_value() != "0.05"


def test_play_goes_on_to_the_end_where_nothing_fools(look):
    visitor = look("#index=242&epsilon=0.45")
    visitor.page.locator(".play").click()
    expect(visitor.find("epsilon-value")).to_have_text("0.500", timeout=10_000)


def test_compare_shows_both_networks_with_one_slider(look, lenet, robust, mnist_test):
    visitor = look("#index=63&model=standard&compare=robust&epsilon=0.2")
    page = visitor.page
    expect(page.locator(".explore.comparing")).to_have_count(1)
    images, labels = mnist_test
    scans = [scan(network, images[63], int(labels[63])) for network in (lenet, robust)]
    settle(visitor)
    visitor.requests.clear()
    for step in (0, 40, 100):
        visitor.set_epsilon(step / 200)
        for place, expected in enumerate(scans):
            shown = page.locator(".picture").nth(place).locator(".adversarial .verdict")
            assert int(shown.get_attribute("data-digit")) == expected.probabilities[step].argmax()
            assert float(shown.get_attribute("data-confidence")) == pytest.approx(
                expected.probabilities[step].max(), abs=1e-5
            )
    assert visitor.requests == []
    flips = [page.locator(".picture-head .flip").nth(place).get_attribute("data-epsilon") for place in (0, 1)]
    assert [float(flip) if flip else None for flip in flips] == [expected.flip_epsilon for expected in scans]
    visitor.find("compare").select_option("")
    expect(page.locator(".picture.second")).to_be_hidden()


def test_pgd_shows_the_image_of_every_epsilon(look, lenet, mnist_test):
    visitor = look("#index=7&attack=pgd&epsilon=0.1")
    images, labels = mnist_test
    expected = scan(lenet, images[7], int(labels[7]), attack="pgd")
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", str(expected.flip_epsilon))
    visitor.requests.clear()
    for step in (0, 1, 20, 50, 100):
        visitor.set_epsilon(step / 200)
        assert visitor.pixels("image-adversarial") == expected.images[step].flatten().tolist()
    assert visitor.requests == []
