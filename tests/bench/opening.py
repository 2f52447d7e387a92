"""How soon the page shows its first picture, at a first visit and when loaded again, beside an empty page of Gradio's.

Chromium holds the network to a round trip and a bandwidth. The two pages take turns, each time in a browser that has
nothing cached. Run by `python -m tests.bench.page`; alone: `python -m tests.bench.opening`.
"""

import statistics

import gradio as gr
from playwright.sync_api import Browser, sync_playwright

from advdemo.serve import shipped_page
from advdemo.ui.page import launch
from tests.browser.visitor import DESK, FLAGS, find_browser

NETWORKS = {"local": None, "100 ms, 9 Mbit/s": (100, 9), "250 ms, 5 Mbit/s": (250, 5)}
FIRST_PICTURE = {"empty": "#hello", "ours": "#explore [data-ready]"}
RUNS = 3
SETTLE = 2000  # milliseconds, for what comes after the first picture
WATCH = """
    requestAnimationFrame(function look() {
        if (document.querySelector(%r)?.checkVisibility()) window.shown = performance.now();
        else requestAnimationFrame(look);
    });
"""


def open_twice(browser: Browser, url: str, selector: str, network: tuple[int, int] | None) -> tuple[float, float]:
    """Seconds to the first picture: at a first visit, and when loaded again."""
    context = browser.new_context(**DESK)
    page = context.new_page()
    if network:
        latency, megabits = network
        rate = megabits * 1e6 / 8
        conditions = {"offline": False, "latency": latency, "downloadThroughput": rate, "uploadThroughput": rate}
        context.new_cdp_session(page).send("Network.emulateNetworkConditions", conditions)
    page.add_init_script(WATCH % selector)
    times = []
    for go in (lambda: page.goto(url, wait_until="commit"), lambda: page.reload(wait_until="commit")):
        go()
        page.wait_for_function("window.shown")
        times.append(page.evaluate("window.shown") / 1000)
        page.wait_for_timeout(SETTLE)
    context.close()
    return times[0], times[1]


def measure_opening(runs: int = RUNS) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """By network and page: `open_twice` of each run."""
    with gr.Blocks(analytics_enabled=False) as empty:
        gr.HTML("hello", elem_id="hello")
    empty.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
    ours = shipped_page()
    launch(ours, block=False, quiet=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
            pages = {"empty": empty.local_url, "ours": ours.local_url}
            for name, url in pages.items():  # the servers' first reply takes longer
                open_twice(browser, url, FIRST_PICTURE[name], None)
            times: dict[str, dict[str, list[tuple[float, float]]]] = {}
            for _ in range(runs):
                for label, network in NETWORKS.items():
                    for name, url in pages.items():
                        opened = open_twice(browser, url, FIRST_PICTURE[name], network)
                        times.setdefault(label, {}).setdefault(name, []).append(opened)
            return times
    finally:
        ours.close()
        empty.close()


def report() -> None:
    print(f"{'first picture / loaded again, s':34}{'empty page':>14}{'ours':>14}{'ratio':>14}")
    for label, times in measure_opening().items():
        empty, ours = ([statistics.median(times) for times in zip(*times[name], strict=True)] for name in FIRST_PICTURE)
        ratios = [mine / theirs for mine, theirs in zip(ours, empty, strict=True)]
        print(f"{label:34}" + "".join(f"{first:7.2f} / {again:4.2f}" for first, again in (empty, ours, ratios)))


if __name__ == "__main__":
    report()
