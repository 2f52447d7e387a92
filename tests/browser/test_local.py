"""What the page computes itself: the same as Python, without a request, and with the network cut."""

import pytest
from playwright.sync_api import expect

from advdemo.measures.scan import scan
from tests.browser.tabs import pick, settle
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
    assert {url.rsplit("/", 1)[1] for url in visitor.requests if "/ask/" in url} <= {"prove"}


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
    expect(visitor.find("proof")).to_contain_text("The server is not responding")
    expect(visitor.page.locator(".error")).to_be_hidden()
    visitor.find("attack").select_option("pgd")
    expect(visitor.page.locator(".error")).to_contain_text("The server is not responding")
    visitor.context.set_offline(False)
    visitor.find("attack").select_option("fgsm")
    expect(visitor.find("proof")).to_contain_text("certified", timeout=40_000)
    visitor.complaints.clear()  # of the browser, about the cut


def test_without_workers_the_page_computes_in_slices(visit):
    visitor = visit("#index=63&lang=en")
    visitor.page.add_init_script("window.Worker = class { constructor() { throw new Error('forbidden'); } };")
    visitor.page.reload()
    settle(visitor)
    visitor.requests.clear()
    visitor.find("model").select_option("robust")
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", "0.4284")
    assert not [url for url in visitor.requests if url.endswith("/ask/scan")]
    visitor.page.close()
