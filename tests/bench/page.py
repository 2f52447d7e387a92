"""Latencies of the page in headless Chromium: a slider tick, from the end of a stroke to the new picture, and from an
address to the first picture.

Run by `python -m tests.bench`; alone: `python -m tests.bench.page`.
"""

import math
import statistics

from playwright.sync_api import Page, sync_playwright

from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.serve import CHECKPOINT
from advdemo.ui.page import build_page, launch
from tests.bench.opening import report as report_opening
from tests.browser.visitor import FLAGS, find_browser

TICKS = """() => {
    const slider = document.querySelector('[data-testid=epsilon]'), times = [];
    for (let round = 0; round < 5; round++) for (let step = 0; step <= 100; step++) {
        slider.value = step / 200;
        const started = performance.now();
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        times.push(performance.now() - started);
    }
    return times;
}"""
WATCH_STROKES = """() => {
    window.points = [];  // of a stroke, each to its pictures and bars
    window.scans = [];  // from the end of a stroke to its whole scan
    window.proofs = [];  // and to its certified epsilon
    window.glimpses = [];  // and to what PGD does at the slider's place, before the scan is there
    let began = 0, ended = 0, proving = false;
    const pad = document.querySelector('[data-testid=pad]');
    pad.addEventListener('pointermove', () => { began = performance.now(); }, true);
    document.addEventListener('pointermove', ({ buttons }) => {
        if (buttons && began) window.points.push(performance.now() - began);
        began = 0;
    });
    pad.addEventListener('pointerup', () => { ended = performance.now(); proving = false; }, true);
    const proof = document.querySelector('[data-testid=proof]');
    new MutationObserver(() => {
        const now = proof.textContent.startsWith('Computing');
        if (proving && !now) window.proofs.push(performance.now() - ended);
        proving = now;
    }).observe(proof, { childList: true, characterData: true, subtree: true });
    const explore = document.querySelector('.explore');
    let waiting = false, glimpsed = false;
    new MutationObserver(() => {
        const now = explore.classList.contains('waiting');
        if (waiting && !now) window.scans.push(performance.now() - ended);
        waiting = now;
        const seen = explore.matches('.waiting.glimpsed');
        if (!glimpsed && seen) window.glimpses.push(performance.now() - ended);
        glimpsed = seen;
    }).observe(explore, { attributeFilter: ['class'] });
}"""
SLOWED = 4  # a processor so many times slower, as on a phone


def measure_page(strokes: int = 20) -> dict[str, list[float]]:
    """Milliseconds by what was measured: a tick of the slider; a stroke's points and its whole scan, at full speed and
    SLOWED; its certified epsilon and PGD, for which a worker's processor cannot be slowed."""
    page = build_page({"standard": load_checkpoint(CHECKPOINT)}, *load_mnist("test"))
    launch(page, block=False, quiet=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
            tab = browser.new_page(viewport={"width": 1280, "height": 800})
            weights = tab.expect_response(lambda reply: reply.url.endswith(".safetensors"))
            with weights:
                tab.goto(f"{page.local_url}#tour=off&lang=en")
            tab.wait_for_selector("#explore [data-ready]")
            times = {"slider tick, script only": tab.evaluate(TICKS)}
            tab.get_by_role("button", name="Draw").click()
            tab.evaluate(WATCH_STROKES)
            processor = tab.context.new_cdp_session(tab)
            for rate, note in ((1, ""), (SLOWED, f", processor {SLOWED} times slower")):
                processor.send("Emulation.setCPUThrottlingRate", {"rate": rate})
                tab.evaluate("window.points.length = window.scans.length = window.proofs.length = 0")
                _draw(tab, strokes)
                times[f"a stroke's point to its pictures{note}"] = tab.evaluate("window.points")
                times[f"end of a stroke to its whole scan{note}"] = tab.evaluate("window.scans")
                if rate == 1:
                    times["end of a stroke to its certified epsilon"] = tab.evaluate("window.proofs")
            processor.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            tab.evaluate("window.scans.length = window.proofs.length = 0")
            tab.get_by_test_id("attack").select_option("pgd")
            tab.wait_for_function("window.scans.length && window.proofs.length")
            tab.evaluate("window.scans.length = window.proofs.length = window.glimpses.length = 0")
            _draw(tab, strokes)
            times["end of a stroke to what PGD does at one epsilon"] = tab.evaluate("window.glimpses")
            times["end of a stroke to its whole scan under PGD"] = tab.evaluate("window.scans")
            return times
    finally:
        page.close()


def _draw(tab: Page, strokes: int) -> None:
    box = tab.get_by_test_id("pad").bounding_box()
    assert box
    for stroke in range(strokes):
        tab.mouse.move(box["x"] + 60 + 8 * stroke, box["y"] + 60)
        tab.mouse.down()
        tab.mouse.move(box["x"] + 60 + 8 * stroke, box["y"] + 240, steps=8)
        tab.mouse.up()
        tab.wait_for_function(f"window.scans.length > {stroke} && window.proofs.length > {stroke}")
        if stroke % 3 == 2:  # start over: a filled pad is no digit
            tab.get_by_test_id("pad-clear").click()


def report() -> None:
    for what, times in measure_page().items():
        values = sorted(times) or [math.nan]  # a GPU may answer before there is anything to see
        print(
            f"{what}: median {statistics.median(values):.2f} ms, 95% within {values[int(0.95 * len(values))]:.2f} ms "
            f"({len(values)} of them)"
        )
    report_opening()


if __name__ == "__main__":
    report()
