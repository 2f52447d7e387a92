"""Visitors who drive the app with a real Chromium."""

import os
import shutil

BROWSERS = (
    "chromium-headless-shell",  # half the processor time of
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
]
DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
THREE = [(0.32, 0.24), (0.5, 0.16), (0.67, 0.27), (0.62, 0.42), (0.45, 0.48),
         (0.64, 0.55), (0.7, 0.7), (0.55, 0.84), (0.3, 0.78)]  # fmt: skip
RED = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"


def find_browser() -> str | None:
    """The path of a Chromium: CHROMIUM, or what is installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


class Visitor:
    """One visitor's page, with what it asked of the network and what it wrote to the console."""

    def __init__(self, context, url, query="", story=False):
        self.context, self.url = context, url
        self.page = self.context.new_page()
        self.size = self.page.viewport_size
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.open(query, story)

    def open(self, query="", story=False):
        """Come to the page, as for the first time."""
        self.requests.clear()
        self.page.goto(self.url + query + ("" if story else ("&" if "#" in query else "#") + "tour=off"))
        try:
            self.page.wait_for_selector('[data-testid="epsilon-value"]:not(:empty)')
        except Exception as error:
            raise AssertionError(f"the page shows no result: {self.complaints}") from error

    def leave(self):
        """Leave nothing in the browser but what it has compiled; whether that could be done."""
        if self.page.is_closed():
            return False
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.page.mouse.move(0, 0)
        self.page.goto("about:blank")
        self.page.unroute_all()
        self.page.set_viewport_size(self.size)
        self.context.clear_cookies()
        self.context.clear_permissions()
        return True

    def note(self, line):
        refused = line.text.startswith("Failed to load resource: the server responded with a status of 4")
        if line.type == "error" and not refused:  # a request refused is a reply, which the page shows
            self.complaints.append(line.text)

    def check(self):
        """The page has asked no other host for anything and logged no error."""
        foreign = [request for request in self.requests if not request.startswith((self.url, "data:", "blob:"))]
        complaints = self.complaints[:]
        self.complaints.clear()
        assert not foreign
        assert not complaints

    def find(self, name):
        return self.page.get_by_test_id(name)

    def set_epsilon(self, epsilon):
        self.find("epsilon").evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true})) }",
            epsilon,
        )

    def draw(self, *points, pad="pad"):
        """One stroke with the mouse through points given as shares of the pad."""
        box = self.find(pad).bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.up()

    def pixels(self, name):
        """The red channel of one of the three images, 784 values."""
        return self.find(name).evaluate(RED)

    def wait_for_image(self, pixels, same):
        """Until the clean image is (or is no longer) the one with these pixels."""
        self.page.wait_for_function(
            """([pixels, same]) => {
                const canvas = document.querySelector('[data-testid=image-clean]');
                const shown = canvas.getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, i) => i % 4 === 0);
                return (shown.join() === pixels) === same;
            }""",
            arg=[",".join(map(str, pixels)), same],
        )
