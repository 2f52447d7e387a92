import re

import pytest
from playwright.sync_api import expect

from advdemo.images.mnist import load_mnist
from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.scan import scan
from advdemo.networks.checkpoint import load_checkpoint
from tests.conftest import CERTIFIED_CHECKPOINT, CHECKPOINT


def zones(visitor, selector):
    """Where blue ends and orange begins, as shares of the slider, from how the track is drawn."""
    place = r"calc\(var\(--reach\) \+ ([\d.]+).{,40}"
    style = visitor.page.locator(selector).get_attribute("style")
    return [
        float(end) for end in re.search(rf"--clean\) {place}, transparent 0 {place}, var\(--fooled", style).groups()
    ]


def test_the_track_and_the_words_say_what_is_proved_and_what_is_broken(look):
    visitor = look("#index=63&compare=certified&epsilon=0.1")
    images, labels = load_mnist("test")
    image, label = images[63], int(labels[63])
    standard, certified = (load_checkpoint(path, "cpu")[0] for path in (CHECKPOINT, CERTIFIED_CHECKPOINT))
    proved = certified_epsilon(standard, image, label)
    flip = scan(standard, image, label).flip_epsilon
    words = f"No attack can succeed below {proved:.4f} (certified). FGSM succeeds from {flip:.4f}. In between: "
    expect(visitor.find("proof")).to_contain_text(words)
    other = certified_epsilon(certified, image, label)
    expect(visitor.page.locator(".other-proof")).to_contain_text(f"No attack can succeed below {other:.4f} (certified)")
    other_flip = scan(certified, image, label).flip_epsilon
    for selector, ends in ((".explore [data-testid=epsilon]", (proved, flip)), (".other-track", (other, other_flip))):
        assert zones(visitor, selector) == pytest.approx([end / 0.5 for end in ends], abs=1e-4)


def test_a_new_digit_has_its_own_proof(look):
    visitor = look()
    expect(visitor.find("proof")).to_contain_text("(certified)")
    before = visitor.find("proof").inner_text()
    visitor.find("board").locator("[data-index]").nth(12).click()
    expect(visitor.find("proof")).not_to_have_text(before)
    expect(visitor.find("proof")).to_contain_text(re.compile("certified|certify nothing|Misclassified"))


def test_learn_opens_the_sweep_and_the_proofs_it_speaks_of(look):
    visitor = look()
    visitor.page.locator("#tab-learn-button").click()
    visitor.page.get_by_role("button", name="proof as a curve").click()
    expect(visitor.page.locator(".sweep .network")).to_have_value("certified")
    expect(visitor.page.locator(".sweep select.attack")).to_have_value("intervals")
    visitor.page.locator("#tab-learn-button").click()
    visitor.page.get_by_role("button", name="robust beside certified").click()
    expect(visitor.find("proof")).to_contain_text("Robust LeNet, PGD: No attack can succeed below")
    expect(visitor.page.locator(".other-proof")).to_contain_text("Certified LeNet, PGD: No attack can succeed below")
