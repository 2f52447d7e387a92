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


@pytest.fixture(scope="session")
def contexts(chromium):
    """Browsers as visitors have them, by their settings and by how many a test needs of a kind. They are kept, for they
    have the scripts compiled, which is most of a page's start."""
    kept = {}
    yield kept
    for context in kept.values():
        context.close()


@pytest.fixture
def visit(chromium, contexts, app_url):
    """Opens visitors' pages: visit(), visit("?__theme=dark"), visit(viewport=..., has_touch=True); with `story` as a
    first visit is, else without it and with everything open that stands behind "More". At the end each
    must have asked no other host for anything and logged no error."""
    visitors = {}

    def open_page(query="", story=False, **options):
        kind = json.dumps(DESK | options, sort_keys=True)
        key = kind, sum(other == kind for other, _ in visitors)
        if key not in contexts:
            contexts[key] = chromium.new_context(**(DESK | options))
        visitors[key] = Visitor(contexts[key], app_url, query, story)
        return visitors[key]

    yield open_page
    for key, visitor in visitors.items():
        if not forget(visitor):
            contexts.pop(key).close()
        visitor.check()


def forget(visitor):
    """Close a visitor's page and leave nothing in the browser but what is compiled; whether that could be done."""
    if visitor.page.is_closed():
        return False
    visitor.page.evaluate("localStorage.clear()")
    visitor.page.close()
    visitor.context.clear_cookies()
    visitor.context.clear_permissions()
    return True


@pytest.fixture(scope="module")
def standing(chromium, contexts, app_url):
    """The page that a module's tests share."""
    if STANDING not in contexts:
        contexts[STANDING] = chromium.new_context(**DESK)
    visitor = Visitor(contexts[STANDING], app_url, "#lang=en&tour=off")
    visitor.start = visitor.find("epsilon").input_value()
    yield visitor
    forget(visitor)
    visitor.check()


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
    standing.check()
    standing.complaints.clear()
