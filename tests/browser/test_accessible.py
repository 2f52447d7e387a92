"""Every screen of every tab under axe-core; what it does not see: keys, announcements, little motion."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT

AXE = ROOT / ".ci" / "node_modules" / "axe-core" / "axe.min.js"
CHECK = """async ([place, options]) => (await axe.run(place, options)).violations.flatMap(({id, nodes}) => nodes.map(
    ({target, any}) => `${id} at ${target.join(' ')}: ${any[0]?.message ?? ''}`))"""

PANEL = "[role=tabpanel]:visible"
VIOLATIONS = {"resultTypes": ["violations"]}  # what passes need not be listed


@pytest.fixture(scope="session")
def axe() -> Path:
    if not AXE.exists():
        reason = "no axe-core found: `npm install --prefix .ci` installs it"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return AXE


def screens(page):
    """Show one screen of the page after the other, before and after a run: its name, and where what is new in it is."""
    for number, mode in enumerate(page.locator(".explore [data-show]:visible").all()):
        mode.click()
        expect(page.locator(".explore.waiting")).to_have_count(0)
        for fold in page.locator("details.fold:not([open]):visible > summary").all()[::-1]:
            fold.click()
        yield f"explore, {mode.get_attribute('data-show')}", ".explore .source" if number else "html"
    page.get_by_test_id("compare").select_option("robust")
    expect(page.locator(".explore.comparing:not(.waiting)")).to_have_count(1)
    yield "explore, two networks", PANEL
    page.get_by_test_id("attack").select_option("blackbox")
    expect(page.locator(".explore[data-box=idle]:not(.waiting)")).to_have_count(1)
    yield "explore, black box", PANEL
    names = [tab.get_attribute("id") for tab in page.locator("#tabs [role=tab]").all()]
    for name in dict.fromkeys(names[1:]):
        page.locator(f"#{name}").evaluate("tab => tab.click()")  # also from the overflow menu
        expect(page.locator("[role=tabpanel]:visible .advdemo[data-ready]")).to_have_count(1)
        for fold in page.locator("details.fold:not([open]):visible > summary").all():
            fold.click()
        yield name, "html"
        for button in page.locator("#sweep-run:visible, #gan-step:visible").all():
            for count in page.locator(".sweep select.count:visible").all():
                count.select_option("500")
            button.click()
            expect(page.locator("[data-state=done], [data-state=paused]").locator("visible=true")).to_have_count(
                1, timeout=60_000
            )
            yield f"{name} after a run", PANEL


@pytest.mark.parametrize(
    ("theme", "language", "width"),
    [("light", "en", 1280), pytest.param("dark", "zh", 390, marks=pytest.mark.slow)],
)
def test_axe_finds_no_violation_on_any_screen(visit, axe, theme, language, width):
    visitor = visit(
        f"?__theme={theme}#lang={language}", viewport={"width": width, "height": 844}, reduced_motion="reduce"
    )
    page = visitor.page
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = []
    for screen, part in screens(page):
        place = page.locator(part).element_handle()
        found += [f"{screen}: {violation}" for violation in page.evaluate(CHECK, [place, VIOLATIONS])]
    assert not found, "\n".join(found)
