"""The story over the live view: a first visit is led, a later one finds it as it was left."""

import re

from playwright.sync_api import expect

from tests.browser.tabs import settle
from tests.browser.visitor import PHONE, THREE

CONTROLS = """() => [...document.querySelectorAll('button, input, select, summary, a[href]')].filter((control) => {
    if (control.closest('[aria-hidden=true]')) return false;  // Gradio measures the tabs by copies of them
    const { top, bottom, width, height } = control.getBoundingClientRect();
    return width && height && bottom > 0 && top < innerHeight && control.checkVisibility({ visibilityProperty: true });
}).length"""

# The worker answers no scan that a newer one replaces.
SWALLOW = """() => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = () => { Object.assign(Worker.prototype, { postMessage }); };
}"""


def told(visitor, words):
    expect(visitor.page.locator(".story-told")).to_contain_text(re.compile(words))


def act(visitor):
    visitor.page.locator(".story-acts button").first.click()


def test_a_first_visit_is_led_from_step_to_step(visit):
    visitor = visit(story=True)
    following = visitor.find("tour-next")
    told(visitor, r"99\.6% sure that this is a 3")
    assert visitor.find("epsilon").input_value() == "0"
    assert visitor.page.evaluate(CONTROLS) <= 25
    settle(visitor)
    assert not [url for url in visitor.requests if "/ask/" in url]  # all of the first view comes with the page
    for later in ("flip-epsilon", "attack", "proof", "narrow"):
        expect(visitor.find(later)).to_be_hidden()
    visitor.set_epsilon(0.15)
    told(visitor, "changed its mind")
    following.click()
    act(visitor)
    told(visitor, "adversarial example")
    following.click()
    act(visitor)
    told(visitor, r"still says 3, 99\.\d% sure")
    following.click()
    visitor.draw(*THREE)
    told(visitor, r"reads your drawing as 3, and FGSM fools it from ε = 0\.\d{4}")
    following.click()
    expect(visitor.find("hand-yours")).to_be_visible()
    act(visitor)
    told(visitor, r"fooled from ε = 0\.0895")
    following.click()
    act(visitor)
    told(visitor, "A push of the same size, and it still says 3")
    following.click()
    expect(visitor.find("model")).to_have_value("certified")
    settle(visitor)
    for epsilon in (0.1, 0.38, 0.45):
        visitor.set_epsilon(epsilon)
    told(visitor, "A proof shows up to which ε every attack fails")
    following.click()
    act(visitor)
    expect(visitor.find("sweep-run").or_(visitor.page.locator("#sweep-run"))).to_be_visible()
    visitor.page.locator("#tab-explore-button").click()
    told(visitor, "That was the tour")


def test_whoever_does_not_drag_is_shown_the_flip_and_whoever_goes_back_begins_anew(visit):
    visitor = visit(story=True)
    visitor.find("tour-next").click()
    expect(visitor.find("epsilon-value")).to_have_text("0.150")
    act(visitor)
    told(visitor, "yet the network says 2")
    visitor.page.locator(".story .back").click()
    told(visitor, "Drag the slider to the right")
    expect(visitor.find("epsilon-value")).to_have_text("0.000")


def test_whoever_acts_before_a_step_has_begun_is_led_on(visit):
    visitor = visit("#tour=5", story=True)
    expect(visitor.find("hand-yours")).to_be_visible()
    expect(visitor.page.locator(".explore.waiting")).to_have_count(0)
    visitor.page.evaluate(SWALLOW)
    visitor.find("tour-next").click()
    expect(visitor.find("epsilon-value")).to_have_text("0.200")
    visitor.find("model").select_option("robust")
    told(visitor, "A push of the same size, and it still says 3")
    expect(visitor.page.locator(".story-acts[inert]")).to_have_count(0)


def test_a_painting_that_fools_is_noticed(visit):
    visitor = visit("#tour=5", story=True)
    expect(visitor.find("hand-yours")).to_be_visible()
    visitor.set_epsilon(0.5)
    visitor.page.locator('[data-width="4"]').click()
    rows = [(0.9 if row % 2 else 0.1, row / 10) for row in range(1, 10)]
    for sign, strokes in (("1", rows), ("-1", [(0.5, 0.15), (0.62, 0.2), (0.62, 0.45), (0.5, 0.5), (0.65, 0.7),
                                               (0.45, 0.85), (0.3, 0.8)])):  # fmt: skip
        visitor.page.locator(f'[data-sign="{sign}"]').click()
        visitor.draw(*strokes, pad="hand-pad")
    told(visitor, "You fooled it: it says")


def test_a_painting_that_fails_is_told_what_to_try_and_the_machine_shows_how(visit):
    visitor = visit("#tour=5", story=True)
    expect(visitor.find("hand-yours")).to_be_visible()
    told(visitor, "You against the gradient")
    visitor.draw((0.3, 0.3), (0.7, 0.4), pad="hand-pad")
    told(visitor, r"^Painted pixels: \d+\. It still says 3, 99\.\d% sure\. Darken the strokes")
    visitor.find("few-run").click()  # the way out is the same where it stands and in the strip
    told(visitor, "^The machine looks for the fewest pixels")
    expect(visitor.find("few-status")).to_have_text(re.compile("pixels flipped, and the network says"))
    visitor.find("tour-next").click()
    visitor.page.locator(".story .back").click()
    expect(visitor.find("few-status")).to_be_empty()
    visitor.page.locator(".story-acts").get_by_text("Let the machine try").click()
    told(visitor, "^The machine looks for the fewest pixels")
    expect(visitor.find("few-status")).to_have_text(re.compile("pixels flipped, and the network says"))


def test_a_proof_is_computed_once_the_story_has_come_to_proofs_or_is_closed(visit):
    visitor = visit("#tour=4", story=True)
    visitor.draw(*THREE)
    told(visitor, "reads your drawing as 3")
    visitor.page.wait_for_timeout(1000)
    for later in ("proof", "narrow"):
        expect(visitor.find(later)).to_be_hidden()
    expect(visitor.find("proof")).not_to_contain_text("(certified)")
    visitor.find("tour-skip").click()
    expect(visitor.find("proof")).to_contain_text("(certified)")


def test_it_is_remembered_skipped_and_opened_again(visit):
    visitor = visit(story=True)
    visitor.find("tour-next").click()
    visitor.page.reload()
    told(visitor, "Is it still a 3")
    visitor.find("tour-skip").click()
    expect(visitor.find("story")).to_be_hidden()
    expect(visitor.find("attack")).to_be_visible()
    visitor.page.reload()
    expect(visitor.find("attack")).to_be_visible()
    expect(visitor.find("story")).to_be_hidden()
    visitor.find("tour").click()
    told(visitor, "Fool a neural network")


def test_a_link_without_the_story_opens_without_it_wherever_it_was_left(visit):
    visitor = visit(story=True)  # it begins, and that is remembered
    visitor.page.goto("about:blank")
    visitor.page.goto(f"{visitor.url}#index=2&tour=off")
    settle(visitor)
    expect(visitor.find("story")).to_be_hidden()
    expect(visitor.find("narrow")).to_be_visible()


def test_a_link_opens_a_step_and_a_link_to_something_is_not_talked_over(visit):
    visitor = visit("#tour=6", story=True)
    told(visitor, "Can a network learn to resist")
    expect(visitor.find("epsilon-value")).to_have_text("0.200")
    other = visit("#index=5&epsilon=0.1", story=True)
    expect(other.find("image-clean")).to_be_visible()
    expect(other.find("story")).to_be_hidden()


def test_what_stands_behind_more_is_remembered(visit):
    visitor = visit("#index=5", story=True)
    expect(visitor.find("target")).to_be_hidden()
    expect(visitor.find("attack").locator("option")).to_have_count(4)
    visitor.page.get_by_role("button", name="More", exact=True).click()
    expect(visitor.find("target")).to_be_visible()
    assert visitor.find("attack").locator("option").count() > 6
    visitor.page.get_by_role("button", name="More digits").click()
    expect(visitor.find("board").locator("button")).to_have_count(70)
    visitor.page.reload()
    expect(visitor.find("target")).to_be_visible()
    expect(visitor.find("board").locator("button")).to_have_count(70)


def test_a_phone_has_it_as_a_sheet_that_leaves_the_slider_free(visit):
    visitor = visit(story=True, **PHONE)
    sheet, slider = visitor.find("story").bounding_box(), visitor.find("epsilon").bounding_box()
    assert sheet["y"] + sheet["height"] <= 845
    assert slider["y"] + slider["height"] < sheet["y"]
