"""Learn: its figures say what the package computes, its contents lead, an experiment is guessed and measured."""

import pytest
from playwright.sync_api import expect

from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.scan import EPSILONS, scan
from tests.browser.tabs import lead

DRAWN = "[data-figure={}][data-drawn]"


@pytest.fixture
def learn(standing):
    page = standing.page
    lead(page, "tab=learn&lang=en")
    expect(page.locator(".learn[data-ready]")).to_be_visible()
    return page


def figure(page, name):
    page.locator(f"[data-figure={name}]").scroll_into_view_if_needed()
    drawn = page.locator(DRAWN.format(name))
    expect(drawn).to_be_visible(timeout=60_000)
    return drawn


def test_the_first_figure_is_the_network_s_answer_at_every_epsilon(learn, lenet, mnist_test):
    image, label = mnist_test[0][63], int(mnist_test[1][63])
    expected = scan(lenet, image, label)
    drawn = figure(learn, "drag")
    slider = learn.get_by_test_id("learn-epsilon")
    expect(slider).to_have_value("0")
    expect(drawn.locator(".sentence")).to_contain_text(f"sure that this is a {label}")
    asked = []
    learn.on("request", lambda request: asked.append(request.url))
    fooled = next(step for step, epsilon in enumerate(EPSILONS) if epsilon >= expected.flip_epsilon)
    for step in (fooled - 1, fooled):
        slider.fill(str(step))
        digit = int(expected.probabilities[step].argmax())
        share = f"{100 * expected.probabilities[step].max():.1f}%"
        expect(drawn.locator(".picture").last).to_contain_text(f"LeNet: {digit}, {share}")
        expect(drawn.locator(".picture.fooled")).to_have_count(int(step == fooled))
    assert not [url for url in asked if "/kept/" not in url]  # other networks' weights come when the page is idle


@pytest.mark.slow
def test_the_zones_are_the_proofs_and_the_attack_s(learn, lenet, robust, certified, mnist_test):
    image, label = mnist_test[0][63], int(mnist_test[1][63])
    rows = figure(learn, "zones").locator(".standings .small")
    for place, network in enumerate((lenet, robust, certified)):
        flip = scan(network, image, label, attack="pgd").flip_epsilon
        proved = certified_epsilon(network, image, label)
        expect(rows.nth(place)).to_have_text(f"certified up to {proved:.4f}, fooled from {flip:.4f}")


def test_the_contents_lead_to_a_part_and_a_link_does_too(learn):
    learn.locator(".contents a", has_text="Proof").click()
    title = learn.locator("[data-part=proof] h2")
    expect(title).to_be_in_viewport()
    expect(title).to_be_focused()
    expect(learn.locator(".contents a[aria-current]")).to_have_text("Proof: what no attack can do")
    assert "part=proof" in learn.evaluate("location.hash")
    lead(learn, "tab=learn&part=threat&lang=en")
    expect(learn.locator("[data-part=threat] h2")).to_be_in_viewport()


def test_an_experiment_is_guessed_and_then_measured(learn):
    panel = learn.locator(".experiments")
    expect(panel.locator("button.primary")).to_be_disabled()
    panel.get_by_label("PGD").check()
    panel.locator("button.primary").click()
    expect(panel.locator(".verdict")).to_have_text("Right: PGD.", timeout=60_000)
    expect(panel.locator(".measured")).to_have_count(2)
    panel.get_by_role("button", name="Next").click()
    expect(panel.locator("h3")).to_have_text("2. Which network?")
    expect(panel.locator("[data-state=right]")).to_have_count(1)
