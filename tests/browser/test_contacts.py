"""Pens, fingers and palms on the pad, as pointer events without a hand: what draws, and what only rests there."""

import itertools

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import PHONE

SEND = """(pad, [type, id, kind, x, y, size]) => {
    const box = pad.getBoundingClientRect();
    pad.dispatchEvent(new PointerEvent(type, {
        pointerId: id, pointerType: kind, isPrimary: id === 1, button: type === "pointermove" ? -1 : 0,
        clientX: box.left + x * box.width, clientY: box.top + y * box.height, width: size, height: size,
        bubbles: true, cancelable: true,
    }));
}"""
ONE = [(0.5, 0.15), (0.5, 0.3), (0.5, 0.5), (0.5, 0.7), (0.5, 0.85)]
FINGER, PALM, PEN = 25, 150, 1
pytestmark = pytest.mark.slow


class Hand:
    """What touches the pad, by its number."""

    def __init__(self, pad):
        self.pad = pad
        self.kinds = {}

    def send(self, event, contact, place, size):
        self.pad.evaluate(SEND, [event, contact, self.kinds[contact], *place, size])

    def down(self, contact, kind, place, size=FINGER):
        self.kinds[contact] = kind
        self.send("pointerdown", contact, place, size)

    def move(self, contact, *places, size=FINGER):
        for (x0, y0), (x1, y1) in itertools.pairwise(places):
            for step in range(1, 5):
                self.send("pointermove", contact, (x0 + (x1 - x0) * step / 4, y0 + (y1 - y0) * step / 4), size)

    def up(self, contact, place, event="pointerup"):
        self.send(event, contact, place, FINGER)


@pytest.fixture
def drawing(visit):
    """(A visitor's page, the hand on its pad)"""
    visitor = visit("#lang=en", **PHONE)
    visitor.page.locator('[data-show="draw"]').tap()
    return visitor, Hand(visitor.find("pad"))


def is_a_one(visitor, strokes=1):
    """The pad holds this many strokes, and the last digit seen is a 1: nothing lies beside it."""
    visitor.page.wait_for_function("location.hash.includes('drawing=')")
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "1")
    pixels = visitor.pixels("image-clean")
    assert {i % 28 for i, grey in enumerate(pixels) if grey} <= {12, 13, 14, 15}
    for _ in range(strokes):
        expect(visitor.find("pad-undo")).to_be_enabled()
        visitor.find("pad-undo").tap()
    expect(visitor.find("pad-undo")).to_be_disabled()


def test_a_pen_beats_the_palm_that_rested_first(drawing):
    visitor, hand = drawing
    hand.down(1, "touch", (0.8, 0.9))
    hand.move(1, (0.8, 0.9), (0.7, 0.8), (0.8, 0.9))  # it even moves
    hand.down(2, "pen", ONE[0], PEN)
    hand.move(2, *ONE[:3], size=PEN)
    hand.move(1, (0.8, 0.9), (0.9, 0.9))
    hand.move(2, *ONE[2:], size=PEN)
    hand.up(2, ONE[-1])
    hand.up(1, (0.9, 0.9))
    hand.down(3, "touch", (0.2, 0.2))  # the hand that holds the pen
    hand.move(3, (0.2, 0.2), (0.2, 0.6))
    hand.up(3, (0.2, 0.6))
    is_a_one(visitor)


def test_touch_draws_again_when_the_pen_has_been_gone_for_a_while(drawing):
    visitor, hand = drawing
    hand.kinds[2] = "pen"
    hand.send("pointermove", 2, (0.1, 0.1), PEN)  # it hovers
    visitor.page.wait_for_timeout(1200)
    hand.down(1, "touch", ONE[0])
    hand.move(1, *ONE)
    hand.up(1, ONE[-1])
    is_a_one(visitor)


def test_a_large_contact_is_no_stroke(drawing):
    visitor, hand = drawing
    hand.down(1, "touch", (0.8, 0.9), PALM)
    hand.move(1, (0.8, 0.9), (0.3, 0.9), size=PALM)
    hand.down(2, "touch", (0.2, 0.9))
    hand.move(2, (0.2, 0.9), (0.1, 0.6))
    hand.move(2, (0.1, 0.6), (0.1, 0.5), size=PALM)  # it lies down only now
    hand.down(3, "touch", ONE[0])
    hand.move(3, *ONE)
    hand.up(3, ONE[-1])
    hand.up(1, (0.3, 0.9))
    is_a_one(visitor)


def test_a_contact_that_rests_while_another_draws_is_no_stroke(drawing):
    visitor, hand = drawing
    hand.down(1, "touch", (0.8, 0.9))
    hand.down(2, "touch", ONE[0])
    hand.move(2, *ONE)
    hand.up(2, ONE[-1])
    hand.move(1, (0.8, 0.9), (0.801, 0.901))
    hand.up(1, (0.801, 0.901))
    is_a_one(visitor)


def test_a_second_finger_does_not_break_the_first_one_s_line(drawing):
    visitor, hand = drawing
    hand.down(1, "touch", ONE[0])
    hand.move(1, *ONE[:3])
    hand.down(2, "touch", (0.2, 0.2))
    hand.move(2, (0.2, 0.2), (0.2, 0.9))
    hand.move(1, *ONE[2:4])
    hand.up(2, (0.2, 0.9))
    hand.move(1, *ONE[3:])
    hand.up(1, ONE[-1])
    is_a_one(visitor)


def test_a_finger_that_only_rested_gives_way(drawing):
    visitor, hand = drawing
    hand.down(1, "touch", ONE[0])
    hand.down(2, "touch", (0.8, 0.8))
    hand.up(2, (0.8, 0.8))
    hand.move(1, *ONE)
    hand.up(1, ONE[-1])
    is_a_one(visitor)


def test_what_the_system_takes_away_is_no_stroke(drawing):
    visitor, hand = drawing
    hand.down(1, "touch", (0.2, 0.8))
    hand.move(1, (0.2, 0.8), (0.7, 0.8))
    hand.up(1, (0.7, 0.8), "pointercancel")
    hand.down(2, "touch", ONE[0])
    hand.move(2, *ONE)
    hand.up(2, ONE[-1])
    is_a_one(visitor)
