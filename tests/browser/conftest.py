"""A real Chromium, and visitors who drive the app with it.

A machine without a browser skips these tests and says so; under CI=true that is a failure.
"""

import os
import shutil

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESK = {"viewport": {"width": 1280, "height": 800}}
LONG = ("test_accessible", "test_replicas", "test_train")
PATIENCE = 20_000  # milliseconds, on a busy machine
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
]


def pytest_collection_modifyitems(items):
    # Last: while Playwright runs, no other test of its process can run an event loop. Of them the longest first, or one
    # process would end with them alone.
    items.sort(key=lambda item: ("browser" in item.fspath.dirname, not item.fspath.purebasename.startswith(LONG)))
    for item in items:
        if "browser" in item.fspath.dirname:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        reason = "no Chromium found: install one (Debian: `apt install chromium`) or set CHROMIUM to its path"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """One visitor's page, with what it asked of the network and what it wrote to the console."""

    def __init__(self, context, url, query=""):
        self.context = context
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(url + query)
        try:
            self.page.wait_for_selector('[data-testid="epsilon-value"]:not(:empty)')
        except Exception as error:
            raise AssertionError(f"the page shows no result: {self.complaints}") from error

    def note(self, line):
        refused = line.text.startswith("Failed to load resource: the server responded with a status of 4")
        if line.type == "error" and not refused:  # a question refused is an answer, which the page shows
            self.complaints.append(line.text)

    def find(self, name):
        return self.page.get_by_test_id(name)

    def set_epsilon(self, epsilon):
        self.find("epsilon").evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', {bubbles: true})) }",
            epsilon,
        )

    def draw(self, *points):
        """One stroke with the mouse through points given as shares of the pad."""
        box = self.find("pad").bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.up()

    def pixels(self, name):
        """The red channel of one of the three images, 784 values."""
        return self.find(name).evaluate(
            "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
        )


@pytest.fixture(scope="session")
def desk(chromium):
    """A context that has the scripts compiled, which is most of a page's start."""
    context = chromium.new_context(**DESK)
    yield context
    context.close()


@pytest.fixture
def visit(chromium, desk, app_url):
    """Opens visitors' pages: visit(), visit("?__theme=dark"), visit(viewport=..., has_touch=True). At the end each
    must have asked no other host for anything and logged no error."""
    visitors = []

    def open_page(query="", **options):
        shared = not visitors and not options
        visitors.append(Visitor(desk if shared else chromium.new_context(**(DESK | options)), app_url, query))
        return visitors[-1]

    yield open_page
    for visitor in visitors:
        if visitor.context is desk:
            forget(desk)
        else:
            visitor.context.close()
        foreign = [request for request in visitor.requests if not request.startswith((app_url, "data:", "blob:"))]
        assert not foreign
        assert not visitor.complaints


def forget(context):
    """Close a context's pages and leave nothing of theirs but what is compiled."""
    for page in context.pages:
        if not page.is_closed():
            page.evaluate("localStorage.clear()")
            page.close()
    context.clear_cookies()
    context.clear_permissions()
