"""What the page computes itself: the same as Python, without a request, and with the network cut."""

import re

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
