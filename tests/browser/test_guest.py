from playwright.sync_api import expect

from advdemo.images.mnist import load_mnist
from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.guest import adopt
from tests.browser.visitor import DESK, Visitor
from tests.conftest import showing_app
from tests.guests import Means


def test_one_s_own_network_in_every_place_that_asks_for_one(chromium):
    images, labels = load_mnist("test")
    network = adopt(Means(), "it")
    flip = scan(network, images[0], int(labels[0])).flip_epsilon
    accuracy = sweep(network, images, labels, [0.1]).accuracies[0]
    with showing_app("tests.guests:Means") as port:
        visitor = Visitor(
            chromium.new_context(**DESK),
            f"http://127.0.0.1:{port}",
            "#index=0&model=Means&compare=standard&epsilon=0.1",
        )
        page = visitor.page
        expect(visitor.find("flip-epsilon")).to_contain_text(f"{flip:.4f}")
        expect(visitor.find("proof")).to_contain_text("Nothing is proved of this network")
        page.locator(".inside summary").click()
        expect(page.locator(".inside-told")).to_contain_text("Means has others: choose a LeNet")
        page.locator("#tab-sweep-button").click()
        page.locator(".sweep .network").select_option("Means")
        page.locator(".epsilons").fill("0.1")
        page.locator("#sweep-run").click()
        expect(page.locator("#sweep-table tbody")).to_contain_text(f"{accuracy:.4f}")
        assert not visitor.complaints
        visitor.context.close()
