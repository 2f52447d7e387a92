"""What the tests of several tabs do: open one, wait for it, change the language."""

from urllib.parse import parse_qs

from playwright.sync_api import expect

EPSILONS = "0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3"
WEIGHTS = """() =>
    performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".safetensors")).length >= 3"""
LAST = {"scan": "noise.js", "certify": "intervals.js", "pgd": "noise.js"}  # module of each of the page's workers
HAS = """last => last[self.name] !== undefined &&
    performance.getEntriesByType("resource").some(({ name }) => name.endsWith(last[self.name]))"""
MARKUP = "<img src=x onerror=window.ran=true>"  # as somebody may name a file


def read_in(page, language):
    page.click(f'[data-language="{language}"]')
    expect(page.locator("html")).to_have_attribute("lang", {"en": "en", "zh": "zh-CN"}[language])


def hash_of(page, wanted=""):
    """What the address holds by name, once `wanted` is in it."""
    page.wait_for_function("wanted => location.hash.includes(wanted)", arg=wanted)
    return {name: values[0] for name, values in parse_qs(page.evaluate("location.hash.slice(1)")).items()}


def lead(page, link):
    """Follow a link within the page."""
    page.evaluate("link => { location.hash = link; }", link)


def open_sweep(visitor, count=1000):
    """The Sweep tab with its first settings but this count, and without a curve."""
    page = visitor.page
    lead(page, f"tab=sweep&model=standard&attack=fgsm&images={count}&epsilons={EPSILONS}&lang=en")
    expect(page.locator(".sweep")).to_have_attribute("data-ready", "")
    expect(page.locator(".sweep .count")).to_have_value(str(count))
    for remove in page.locator(".sweep .curves [data-remove]").all()[::-1]:
        remove.click()
    return page


def state(page, name, timeout=60_000):
    """Wait until a sweep is "running" or "done"."""
    expect(page.locator(".sweep")).to_have_attribute("data-state", name, timeout=timeout)


def accuracies(page):
    return [float(cell) for cell in page.locator("#sweep-table tbody td:nth-child(5)").all_inner_texts()]


def open_train(visitor):
    """The Train tab with the settings of `quick`."""
    page = visitor.page
    lead(page, "tab=train&recipe=quick&epochs=8&rate=0.1&seed=0&lang=en")
    expect(page.locator("#train-run")).to_be_visible()
    return page


def pick(visitor, place):
    """Click the board's cell at this place and wait for its scan; the index of the test image."""
    cell = visitor.find("board").locator("[data-index]").nth(place)
    cell.click()
    expect(cell).to_have_attribute("aria-pressed", "true")
    settle(visitor)
    return int(cell.get_attribute("data-index"))


def settle(visitor):
    """Wait until the page asks for nothing more: the scan on screen is whole, its certificate there, the weights of all
    three LeNets, and the modules of its workers."""
    expect(visitor.page.locator(".explore.waiting")).to_have_count(0)
    expect(visitor.find("proof")).not_to_contain_text("Computing the certified bound")
    visitor.page.wait_for_function(WEIGHTS)
    has_workers = visitor.page.evaluate("'postMessage' in Worker.prototype")
    while has_workers and sum(worker.evaluate(HAS, LAST) for worker in visitor.page.workers) < len(LAST):
        visitor.page.wait_for_timeout(20)
