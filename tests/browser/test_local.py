"""What the page computes itself: the same as Python, without a request, and with the network cut."""

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.scan import scan
from tests.browser.tabs import WEIGHTS, pick, settle
from tests.browser.visitor import THREE


def shown_flip(visitor):
    flip = visitor.find("flip-epsilon").get_attribute("data-epsilon")
    return float(flip) if flip else None


@pytest.mark.parametrize("attack", ["fgsm", "noise"])
def test_a_pick_is_scanned_without_a_request_as_python_scans_it(look, robust, mnist_test, attack):
    visitor = look(f"#model=robust&attack={attack}")
    settle(visitor)
    visitor.requests.clear()
    index = pick(visitor, 45)
    expected = scan(robust, mnist_test[0][index], int(mnist_test[1][index]), attack=attack)
    assert shown_flip(visitor) == pytest.approx(expected.flip_epsilon, abs=1.01e-4)
    for step in (0, 40, 100):
        visitor.set_epsilon(step / 200)
        share = float(visitor.find("prediction-adversarial").get_attribute("data-confidence"))
        assert share == pytest.approx(expected.probabilities[step].max(), abs=1e-3)
    assert not [url for url in visitor.requests if "/ask/" in url]


def test_what_pgd_does_at_the_slider_s_place_is_seen_before_the_server_answers(look, robust, mnist_test):
    visitor = look("#model=robust&attack=pgd&epsilon=0.2&lang=en")
    settle(visitor)
    held = []
    visitor.page.route("**/ask/scan", lambda route: held.append(route))
    cell = visitor.find("board").locator("[data-index]").nth(33)
    index = int(cell.get_attribute("data-index"))
    expected = scan(robust, mnist_test[0][index], int(mnist_test[1][index]), attack="pgd")

    def shows(step):
        visitor.page.wait_for_function(
            """expected => {
                const canvas = document.querySelector('[data-testid="image-adversarial"]');
                const shown = canvas.getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, i) => i % 4 === 0);
                return shown.filter((grey, i) => Math.abs(grey - expected[i]) > 1).length < 0.03 * 784;
            }""",
            arg=expected.images[step].ravel().tolist(),
        )
        shown = visitor.find("prediction-adversarial")
        expect(shown).to_have_attribute("data-digit", str(expected.probabilities[step].argmax()))
        share = float(shown.get_attribute("data-confidence"))
        assert share == pytest.approx(expected.probabilities[step].max(), abs=5e-3)

    cell.click()
    visitor.set_epsilon(0.1)  # before it can be there
    expect(visitor.page.locator(".explore.waiting.glimpsed")).to_have_count(1)
    shows(20)
    for step in (40, 60, 80):
        visitor.set_epsilon(step / 200)
        shows(step)
    assert len(held) == 1
    held[0].continue_()
    expect(visitor.page.locator(".explore.glimpsed")).to_have_count(0)
    assert shown_flip(visitor) == pytest.approx(expected.flip_epsilon, abs=1.01e-4)
    shows(80)


def test_a_glimpse_goes_when_the_server_refuses(look):
    visitor = look("#model=robust&attack=pgd&epsilon=0.2&lang=en")
    settle(visitor)
    before = visitor.pixels("image-adversarial")
    pressed = visitor.find("board").locator('[aria-pressed="true"]').get_attribute("data-index")
    held = []
    visitor.page.route("**/ask/scan", lambda route: held.append(route))
    visitor.find("board").locator("[data-index]").nth(33).click()
    expect(visitor.page.locator(".explore.waiting.glimpsed")).to_have_count(1)
    assert visitor.pixels("image-adversarial") != before
    held[0].fulfill(status=413)
    expect(visitor.page.locator(".error")).to_be_visible()
    assert visitor.pixels("image-adversarial") == before
    expect(visitor.find("board").locator('[aria-pressed="true"]')).to_have_attribute("data-index", pressed)
    expect(visitor.page.locator(".explore.glimpsed")).to_have_count(0)
    visitor.complaints.clear()  # of the browser, about the refusal


def test_a_glimpse_of_one_attack_in_place_of_two(look):
    visitor = look("#model=robust&attack=pgd&epsilon=0.2&compare=noise&lang=en")
    settle(visitor)
    held = []
    visitor.page.route("**/ask/scan", lambda route: held.append(route))
    visitor.find("compare").select_option("")
    expect(visitor.page.locator(".explore.waiting.glimpsed:not(.comparing)")).to_have_count(1)
    expect(visitor.page.locator(".other-outcome")).to_be_hidden()
    held[0].fulfill(status=413)
    expect(visitor.page.locator(".explore.comparing:not(.waiting)")).to_have_count(1)
    visitor.set_epsilon(0.3)
    for outcome, attack in ((".outcome", "PGD"), (".other-outcome", "Random noise")):
        expect(visitor.page.locator(outcome)).to_have_text(re.compile(f"^Robust LeNet, {attack}: "))
    visitor.complaints.clear()  # of the browser, about the refusal


def test_pgd_follows_the_pen(look, lenet):
    visitor = look("#attack=pgd&epsilon=0.2&lang=en")
    settle(visitor)
    visitor.page.route("**/ask/scan", lambda route: route.abort())
    visitor.page.get_by_role("button", name="Draw").click()
    pad = visitor.find("pad").bounding_box()
    mouse = visitor.page.mouse
    for i, (x, y) in enumerate(THREE):
        mouse.move(pad["x"] + x * pad["width"], pad["y"] + y * pad["height"])
        if i == 0:
            mouse.down()
    expect(visitor.page.locator(".explore.glimpsed")).to_have_count(1)
    visitor.page.wait_for_timeout(1000)  # of the newest stroke
    image = torch.tensor(visitor.pixels("image-clean"), dtype=torch.float32).view(1, 28, 28) / 255
    label = int(lenet(image[None]).argmax())
    expected = scan(lenet, image, label, attack="pgd").images[40]
    found = np.array(visitor.pixels("image-adversarial"), dtype=int).reshape(28, 28)
    assert (np.abs(found - expected) > 1).mean() < 0.03
    mouse.up()
    visitor.complaints.clear()  # of the browser, about the requests that do not arrive


@pytest.mark.slow
def test_with_the_network_cut_fgsm_goes_on_and_the_rest_says_why_not(visit):
    visitor = visit("#index=63&lang=en")
    settle(visitor)
    visitor.context.set_offline(True)
    visitor.find("model").select_option("robust")
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", "0.4284")
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw(*THREE)
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "3")
    expect(visitor.find("proof")).to_contain_text("(certified)")
    expect(visitor.page.locator(".error")).to_be_hidden()
    visitor.find("attack").select_option("pgd")
    expect(visitor.page.locator(".error")).to_contain_text("The server is not responding")
    expect(visitor.page.locator(".explore.glimpsed")).to_have_count(1)  # at the slider's place it goes on as well
    visitor.context.set_offline(False)
    visitor.find("attack").select_option("fgsm")
    expect(visitor.page.locator(".error")).to_be_hidden()
    visitor.complaints.clear()  # of the browser, about the cut


def test_a_drawing_is_certified_in_the_page_as_python_certifies_it(look, lenet):
    visitor = look("#lang=en")
    settle(visitor)
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.requests.clear()
    visitor.draw(*THREE)
    expect(visitor.find("proof")).to_contain_text("(certified)")
    image = torch.tensor(visitor.pixels("image-clean"), dtype=torch.float32).view(1, 28, 28) / 255
    certified = certified_epsilon(lenet, image, 3)
    told = float(re.search(r"below ([\d.]+) \(certified", visitor.find("proof").inner_text()).group(1))
    assert told == pytest.approx(certified, abs=1.01e-4)
    assert not [url for url in visitor.requests if "/ask/" in url]


def test_when_the_worker_s_modules_do_not_come_the_server_certifies(visit):
    visitor = visit("#lang=en")
    visitor.page.route("**/worker/certify.js", lambda route: route.abort())
    visitor.page.reload()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.page.wait_for_function(WEIGHTS)
    visitor.page.wait_for_timeout(500)
    visitor.draw(*THREE)
    expect(visitor.find("proof")).to_contain_text("(certified)", timeout=20_000)
    assert [url for url in visitor.requests if url.endswith("/ask/prove")]
    visitor.complaints.clear()  # of the browser, about the module
    visitor.page.close()


def test_without_workers_the_page_computes_in_slices(visit):
    visitor = visit("#index=63&lang=en")
    visitor.page.add_init_script("window.Worker = class { constructor() { throw new Error('forbidden'); } };")
    visitor.page.reload()
    settle(visitor)
    visitor.requests.clear()
    visitor.find("model").select_option("robust")
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", "0.4284")
    assert not [url for url in visitor.requests if url.endswith("/ask/scan")]
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw(*THREE)
    expect(visitor.find("proof")).to_contain_text("(certified)")  # by the server
    assert [url for url in visitor.requests if url.endswith("/ask/prove")]
    visitor.page.close()
