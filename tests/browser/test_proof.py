import re

import pytest
from playwright.sync_api import expect

from advdemo.images.mnist import load_mnist
from advdemo.measures.bounds import certified_epsilon
from advdemo.measures.scan import scan
from advdemo.networks.checkpoint import load_checkpoint
from tests.conftest import CERTIFIED_CHECKPOINT, CHECKPOINT

TRACK = ".explore [data-testid=epsilon]"


def zones(visitor, selector):
    """Where blue, the undecided part and pale orange end, in epsilon, from how the track is drawn."""
    place = r"calc\(var\(--reach\) \+ ([\d.]+).{,40}"
    track = rf"--clean\) {place}, transparent 0 {place}, var\(--strongest\) 0 {place}, var\(--fooled"
    style = visitor.page.locator(selector).get_attribute("style")
    return [0.5 * float(end) for end in re.search(track, style).groups()]


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
    assert zones(visitor, TRACK) == pytest.approx([proved, flip, flip], abs=1e-4)
    assert zones(visitor, ".other-track") == pytest.approx([other, other_flip, other_flip], abs=1e-4)
    assert not [url for url in visitor.requests if "/ask/" in url]  # the board's digits are proved already


def test_a_stronger_attack_narrows_what_is_undecided(look):
    visitor = look("#index=63&epsilon=0.1")
    images, labels = load_mnist("test")
    standard, label = load_checkpoint(CHECKPOINT, "cpu")[0], int(labels[63])
    flip = scan(standard, images[63], label).flip_epsilon
    visitor.find("narrow").click()
    told = visitor.page.locator(".narrowed")
    expect(told).to_contain_text("PGD from random starts, succeeds from")
    found = float(re.search(r"succeeds from ([\d.]+)", told.inner_text()).group(1).rstrip("."))
    assert certified_epsilon(standard, images[63], label) < found < flip
    expect(visitor.find("narrow")).to_be_hidden()
    mark = visitor.page.locator(".strongest-mark")
    expect(mark).to_have_attribute("style", re.compile(rf"\+ {2 * found:.4f}".rstrip("0")))
    assert zones(visitor, TRACK)[1:] == pytest.approx([found, flip], abs=1e-4)
    look("#index=2")
    expect(told).to_be_empty()
    expect(mark).to_be_hidden()


def test_a_new_digit_has_its_own_proof(look):
    images, labels = load_mnist("test")
    standard = load_checkpoint(CHECKPOINT, "cpu")[0]
    for index in (2, 9000):  # on the board, and not
        proved = certified_epsilon(standard, images[index], int(labels[index]))
        expect(look(f"#index={index}").find("proof")).to_contain_text(f"below {proved:.4f} (certified)")


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
