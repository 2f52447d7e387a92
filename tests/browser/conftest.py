"""A real Chromium, and how a test gets its page.

`visit` opens a page of its own for each call, `look` leads one page, which all tests of a module share, to another
address: for what the address alone decides. A machine without a browser skips these tests and says so; under CI=true
that is a failure.
"""

import itertools
import json
import os

import pytest

from tests.browser.visitor import DESK, FLAGS, Visitor, find_browser

LONG = ("test_accessible", "test_replicas", "test_train", "test_gan")
STANDING = "of the pages that modules share", 0
PATIENCE = 20_000  # milliseconds, on a busy machine


def pytest_collection_modifyitems(items):
    # Last: while Playwright runs, no other test of its process can run an event loop. Of them the longest first, or one
    # process would end with them alone.
    items.sort(key=lambda item: ("browser" in item.fspath.dirname, not item.fspath.purebasename.startswith(LONG)))
    for item in items:
        if "browser" in item.fspath.dirname:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    path = find_browser()
    if path is None:
        reason = (
            "no Chromium found: set CHROMIUM to its path, or install it (Debian: `apt install chromium-headless-shell`)"
        )
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Pages:
    """Pages by what they are for. In one that another visitor has left the scripts are compiled: half of a start."""

    def __init__(self, chromium, url):
        self.chromium, self.url, self.kept = chromium, url, {}

    def come(self, key, query="", story=False, **options):
        if key in self.kept:
            self.kept[key].open(query, story)
        else:
            self.kept[key] = Visitor(self.chromium.new_context(**(DESK | options)), self.url, query, story)
        return self.kept[key]

    def leave(self, key):
        visitor = self.kept[key]
        if not visitor.leave():
            self.kept.pop(key).context.close()
        visitor.check()


@pytest.fixture(scope="session")
def pages(chromium, app_url):
    pages = Pages(chromium, app_url)
    yield pages
    for visitor in pages.kept.values():
        visitor.context.close()


@pytest.fixture
def visit(pages):
    """Opens visitors' pages: visit(), visit("?__theme=dark"), visit(viewport=..., has_touch=True); with `story` as a
    first visit is, else without it and with everything open that stands behind "More". At the end each must have asked
    no other host for anything and logged no error. A test that adds scripts to its page closes it."""
    keys = []

    def open_page(query="", story=False, **options):
        kind = json.dumps(options, sort_keys=True)
        keys.append((kind, sum(other == kind for other, _ in keys)))
        return pages.come(keys[-1], query, story, **options)

    yield open_page
    for key in keys:
        pages.leave(key)


@pytest.fixture(scope="module")
def standing(pages):
    """The page that a module's tests share."""
    visitor = pages.come(STANDING, "#lang=en&tour=off")
    visitor.start = visitor.find("epsilon").input_value()
    yield visitor
    pages.leave(STANDING)


@pytest.fixture
def look(standing):
    """Shows, in the module's page, what a link shows: look(), look("#index=63&epsilon=0.2"). What no link holds (a game
    of guesses, a network of one's own, what is measured in other tabs) stays from test to test: those need `visit`."""
    from playwright.sync_api import expect

    count = itertools.count()

    def show(query=""):
        page = standing.page
        page.evaluate("document.querySelector('[data-testid=pad-clear]:enabled')?.click()")
        settings = query.removeprefix("#")
        if "epsilon=" not in settings:
            settings += f"&epsilon={standing.start}"
        # A name that means nothing makes it another address, and so another look, than the one before.
        page.evaluate("hash => { location.hash = hash; }", f"{settings}&lang=en&look={id(show)}.{next(count)}")
        page.wait_for_function("!location.hash.includes('look=')")
        expect(page.locator(".explore:not(.waiting):not(.reading):not(.stale)")).to_have_count(1)
        standing.requests.clear()
        return standing

    yield show
    standing.page.unroute_all()
    standing.check()
