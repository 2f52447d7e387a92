"""What is on the screen, read from the screen: the pen, the curve, the bars, the words, in both languages."""

import re

from playwright.sync_api import expect

from tests.browser.tabs import open_sweep, settle, state

# Latin words of the Chinese page: people, networks, attacks, recipes, functions.
NAMES = {
    "LeNet", "FGSM", "PGD", "DIM", "AdvGAN", "CROWN", "Square", "RayS", "MNIST", "GAN", "AutoAttack", "CPU", "CSV",
    "JSON", "PNG", "PyTorch", "Goodfellow", "Shlens", "Szegedy", "Madry", "Croce", "Hein", "Conv2d", "ReLU",
    "MaxPool2d", "Linear", "conv", "logits", "default", "quick", "robust", "certified", "tutorial", "nll_loss",
    "sign", "clip", "min", "max", "log", "Gowal", "Song", "Xiao", "Zhang", "BPDA", "NIPS", "Dong", "Xie", "Chen",
    "Andriushchenko", "ART", "Foolbox", "torchattacks", "BICCOS", "ICLR", "epsilon", "float32", "softmax",
    "log_softmax", "cross_entropy",
}  # fmt: skip


def test_the_pen_is_as_wide_as_mnist_s(look):
    visitor = look()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw((0.2, 0.5), (0.8, 0.5))
    ink = visitor.find("pad").evaluate(
        """canvas => {
            const column = canvas.getContext('2d').getImageData(canvas.width / 2, 0, 1, canvas.height).data;
            return [...Array(canvas.height).keys()].filter((y) => column[4 * y] > 127).length / canvas.height;
        }"""
    )
    assert 0.07 < ink < 0.08


def test_the_curve_falls_where_the_figures_fall(standing):
    page = open_sweep(standing, 500)
    page.click("#sweep-run")
    state(page, "done")
    figures = [float(cell) for cell in page.locator("#sweep-table tbody td:nth-child(5)").all_inner_texts()]
    path = page.locator("#sweep-chart path.ours").get_attribute("d")
    places = [tuple(map(float, point.split())) for point in re.split("[ML]", path)[1:]]
    assert len(places) == len(figures) == 7
    for (_, y), accuracy in zip(places, figures, strict=True):
        assert abs((1 - y) - accuracy) < 1e-3  # SVG counts from the top
    assert figures[0] > 0.9 > 0.3 > figures[-1]
    tops = [box["y"] for box in (dot.bounding_box() for dot in page.locator("#sweep-chart .dot").all())]
    assert tops == sorted(tops)  # accuracy falls: each dot lies lower

    counts = [int(text.replace(",", "")) for text in page.locator(".histogram .amount").all_inner_texts()]
    heights = [bar.bounding_box()["height"] for bar in page.locator(".histogram .bar i").all()]
    assert sum(counts) == 500
    assert max(heights) > 100
    for count, height in zip(counts, heights, strict=True):
        assert abs(height - max(heights) * count / max(counts)) <= 1.1


def test_the_readout_says_what_happened(look):
    visitor = look("#index=63&epsilon=0.2")
    outcome = visitor.page.locator(".outcome")
    expect(outcome).to_have_text(re.compile(r"^Now 2, [\d.]+% sure: the network is fooled\.$"))
    visitor.set_epsilon(0)
    expect(outcome).to_have_text(
        re.compile(r"^The network is [\d.]+% sure this is a 3\. Drag the slider, and watch\.$")
    )
    visitor.set_epsilon(0.05)
    expect(outcome).to_have_text(re.compile(r"^Still 3, [\d.]+% sure\.$"))
    expect(visitor.find("flip-epsilon")).to_have_text("▼ Fooled from ε = 0.0895")
    assert re.match(r"epsilon 0\.050: 3, [\d.]+%$", visitor.find("epsilon").get_attribute("aria-valuetext"))


def test_a_chinese_browser_reads_chinese_and_an_english_one_english(visit):
    chinese, english = visit(locale="zh-TW"), visit(locale="de-DE")
    expect(chinese.page.get_by_role("tab").first).to_have_text("探索")
    expect(english.page.get_by_role("tab").first).to_have_text("Explore")
    assert chinese.page.evaluate("document.documentElement.lang") == "zh-CN"


def test_the_switch_changes_the_words_and_nothing_else(visit):
    visitor = visit("#index=63&epsilon=0.2")
    page = visitor.page
    expect(page.locator(".outcome")).to_contain_text("the network is fooled")
    before = {name: visitor.pixels(name) for name in ("image-clean", "image-adversarial")}
    settle(visitor)
    visitor.requests.clear()
    page.get_by_role("button", name="中文").click()
    expect(page.locator(".outcome")).to_have_text(re.compile(r"^现在识别为 2，置信度 [\d.]+%：网络被骗了。$"))
    expect(page.get_by_role("tab").nth(1)).to_have_text("准确率扫描")
    assert not [request for request in visitor.requests if "/ask/" in request]
    assert {name: visitor.pixels(name) for name in before} == before
    assert visitor.find("epsilon").input_value() == "0.2"
    assert "lang=zh" in page.url
    page.reload()
    expect(page.locator(".outcome")).to_contain_text("网络被骗了")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".outcome")).to_contain_text("the network is fooled")


PROSE = """node => {
    const hidden = [...node.querySelectorAll('pre, code, math, .reading, .entries')].filter((part) => !part.hidden);
    for (const part of hidden) part.hidden = true;
    const words = node.innerText;
    for (const part of hidden) part.hidden = false;
    return words;
}"""


def test_every_tab_speaks_chinese(visit):
    visitor = visit(locale="zh-TW")
    for number in range(5):
        visitor.page.get_by_role("tab").nth(number).click()
        panel = visitor.page.locator("[role=tabpanel]:visible .advdemo").first
        expect(panel).to_have_attribute("data-ready", "")
        words = set(re.findall(r"[A-Za-z][A-Za-z_0-9]{2,}", panel.evaluate(PROSE)))
        assert words <= NAMES, words - NAMES
