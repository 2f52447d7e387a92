"""A page with a network of one's own: every place that asks for one, and every endpoint."""

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import expect

from advdemo.measures.scan import scan
from advdemo.measures.sweep import sweep
from advdemo.networks.guest import adopt
from advdemo.networks.predict import predict
from tests.browser.visitor import DESK, Visitor
from tests.guests import Means
from tests.running import showing_app


@pytest.mark.slow
def test_one_s_own_network_is_asked_as_the_shipped_ones_are(chromium, mnist_test):
    images, labels = mnist_test
    network, label = adopt(Means(), "it"), int(labels[0])
    flips = {attack: scan(network, images[0], label, attack=attack).flip_epsilon for attack in ("fgsm", "pgd")}
    swept = sweep(network, images[:500], labels[:500], [0, 0.1])
    with showing_app("tests.guests:Means") as port:
        url = f"http://127.0.0.1:{port}"
        in_the_page(Visitor(chromium.new_context(**DESK), url, "#index=0&model=Means&compare=standard&epsilon=0.1"),
                    flips["fgsm"], swept.accuracies)  # fmt: skip
        ask = Client(url, verbose=False, ssl_verify=False).predict
        reply = ask(index=0, network="Means", api_name="/predict")
        assert reply["probabilities"] == pytest.approx(predict(network, images[:1])[0].tolist(), abs=1e-6)
        for attack, flip in flips.items():
            assert ask(index=0, network="Means", attack=attack, api_name="/scan")["flip"] == flip > 0
        reply = ask(count=500, epsilons="0, 0.1", network="Means", api_name="/sweep")
        assert reply["correct"] == swept.correct.tolist()
        assert swept.correct[0] > 350 > swept.correct[1]
        assert ask(index=0, network="standard", api_name="/predict")["prediction"] == label
        with pytest.raises(AppError, match="LeNet's layers"):
            ask(index=0, network="Means", api_name="/certify")


def in_the_page(visitor, flip, accuracies):
    page = visitor.page
    expect(visitor.find("flip-epsilon")).to_contain_text(f"{flip:.4f}")
    expect(visitor.find("proof")).to_contain_text("Nothing is certified for this network")
    page.locator(".inside summary").click()
    expect(page.locator(".inside-told")).to_contain_text("Means has others. Choose a LeNet")
    page.locator("#tab-sweep-button").click()
    page.locator(".sweep .network").select_option("Means")
    page.locator(".sweep .count").select_option("500")
    page.locator(".epsilons").fill("0, 0.1")
    page.locator("#sweep-run").click()
    for accuracy in accuracies:
        expect(page.locator("#sweep-table tbody")).to_contain_text(f"{accuracy:.4f}")
    assert not visitor.complaints
    visitor.context.close()
