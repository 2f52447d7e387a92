"""Latencies of the page in headless Chromium: a slider tick, from the end of a stroke to the new picture, and from an
address to the first picture.

Run by `python -m tests.bench`; alone: `python -m tests.bench.page`.
"""

import statistics

from playwright.sync_api import sync_playwright

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
    let ended = 0;
    window.strokes = [];
    const pad = document.querySelector('[data-testid=pad]');
    pad.addEventListener('pointerup', () => { ended = performance.now(); }, true);
    const explore = document.querySelector('.explore');
    let waiting = false;
    new MutationObserver(() => {
        const now = explore.classList.contains('waiting');
        if (waiting && !now) window.strokes.push(performance.now() - ended);
        waiting = now;
    }).observe(explore, { attributeFilter: ['class'] });
}"""


def measure_page(strokes: int = 20) -> dict[str, list[float]]:
    """Milliseconds: `tick`, the script's time for each slider step; `stroke`, from pointer up to the new picture."""
    page = build_page({"standard": load_checkpoint(CHECKPOINT)}, *load_mnist("test"))
    launch(page, block=False, quiet=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
            tab = browser.new_page(viewport={"width": 1280, "height": 800})
            tab.goto(page.local_url)
            tab.wait_for_selector('[data-testid="epsilon-value"]:not(:empty)')
            ticks = tab.evaluate(TICKS)
            tab.get_by_role("button", name="Draw").click()
            tab.evaluate(WATCH_STROKES)
            box = tab.get_by_test_id("pad").bounding_box()
            for stroke in range(strokes):
                tab.mouse.move(box["x"] + 60 + 8 * stroke, box["y"] + 60)
                tab.mouse.down()
                tab.mouse.move(box["x"] + 60 + 8 * stroke, box["y"] + 240, steps=8)
                tab.mouse.up()
                tab.wait_for_function(f"window.strokes.length > {stroke}")
                if stroke % 3 == 2:  # start over: a filled pad is no digit
                    tab.get_by_test_id("pad-clear").click()
            return {"tick": ticks, "stroke": tab.evaluate("window.strokes")}
    finally:
        page.close()


def report() -> None:
    times = measure_page()
    for name, what in (("tick", "slider tick, script only"), ("stroke", "end of a stroke to the new picture")):
        values = sorted(times[name])
        print(
            f"{what}: median {statistics.median(values):.2f} ms, 95% within {values[int(0.95 * len(values))]:.2f} ms, "
            f"first {times[name][0]:.2f} ms ({len(values)} of them)"
        )
    report_opening()


if __name__ == "__main__":
    report()
