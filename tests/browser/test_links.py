"""Links hold what is on screen: a drawing, the settings of every tab, the language."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.tabs import hash_of, lead
from tests.browser.visitor import THREE

SCRIBBLE = [(0.1 + 0.8 * (i * 7 % 10) / 9, 0.1 + 0.8 * (i * 3 % 10) / 9) for i in range(9)]


def draw_three(visitor):
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw(*THREE)
    return hash_of(visitor.page, "drawing=")


@pytest.mark.slow
def test_a_link_brings_the_very_drawing(visit):
    visitor = visit("#attack=momentum&compare=robust&model=standard&target=8&epsilon=0.145&lang=en")
    draw_three(visitor)
    visitor.find("true-label").select_option("5")
    hash_of(visitor.page, "label=5")
    link = visitor.page.evaluate("location.hash")
    assert len(link) < 500
    other = visit(link)
    expect(other.page.locator(".truth-source")).to_have_text("chosen by you")
    for name in ("image-clean", "image-adversarial"):
        assert other.pixels(name) == visitor.pixels(name)
    assert other.find("prediction-clean").inner_text() == visitor.find("prediction-clean").inner_text()
    assert other.page.evaluate("location.hash") == link
    expect(other.find("pad")).to_be_visible()
    expect(other.page.locator(".pad-hint")).to_be_hidden()
    ink = other.find("pad").evaluate(
        "pad => pad.getContext('2d').getImageData(0, 0, 560, 560).data.filter((v, i) => i % 4 === 0 && v > 127).length"
    )
    assert ink > 5000
    other.find("pad-clear").click()
    expect(other.find("pad-clear")).to_be_disabled()


def test_a_link_leaves_the_language_to_the_reader_unless_it_was_chosen(visit):
    page = visit().page
    assert "lang" not in hash_of(page, "index=")
    footer = page.locator("footer .show-api")
    expect(footer).to_contain_text("Use via API")
    page.click('[data-language="zh"]')
    assert hash_of(page, "lang=")["lang"] == "zh"
    expect(footer).to_contain_text(re.compile("^通过 API"))


def test_the_language_clicked_last_stays_and_one_that_does_not_come_changes_nothing(visit):
    page, held = visit("#lang=en").page, []
    share = page.locator(".share-open")
    english = share.inner_text()
    page.route("**/words/zh.json", lambda route: held.append(route))
    with page.expect_request("**/words/zh.json"):
        page.click('[data-language="zh"]')
    page.click('[data-language="en"]')
    with page.expect_response("**/words/zh.json"):
        held.pop().continue_()
    page.wait_for_timeout(300)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert share.inner_text() == english
    with page.expect_request("**/words/zh.json"):
        page.click('[data-language="zh"]')
    held.pop().fulfill(status=404)
    page.wait_for_timeout(300)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.unroute("**/words/zh.json")
    page.click('[data-language="zh"]')
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


@pytest.mark.slow
def test_even_a_scribble_fits_into_a_link(look):
    visitor = look()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw(*SCRIBBLE)
    hash_of(visitor.page, "drawing=")
    assert len(visitor.page.evaluate("location.hash")) < 500


def test_a_drawing_is_kept_through_tabs_networks_and_languages(look):
    visitor = look()
    page = visitor.page
    draw_three(visitor)
    drawn, pad = visitor.pixels("image-clean"), visitor.find("pad").evaluate("pad => pad.toDataURL()")
    page.get_by_role("tab", name="Learn").click()
    page.get_by_role("tab", name="Explore").click()
    page.get_by_role("button", name="中文").click()
    visitor.find("model").select_option("robust")
    hash_of(page, "model=robust")
    assert visitor.pixels("image-clean") == drawn
    page.locator('[data-show="pick"]').click()
    visitor.find("board").locator("[data-index]").nth(20).click()
    hash_of(page, "index=")
    page.locator('[data-show="draw"]').click()
    hash_of(page, "drawing=")
    assert visitor.pixels("image-clean") == drawn
    assert visitor.find("pad").evaluate("pad => pad.toDataURL()") == pad


@pytest.mark.parametrize("text", ["bm9uc2Vuc2U", "%00", "A" * 3000])
def test_a_damaged_drawing_says_so(look, text):
    visitor = look(f"#drawing={text}")
    expect(visitor.page.locator(".error")).to_contain_text("The drawing in this link is damaged")
    assert visitor.find("prediction-clean").get_attribute("data-digit") in "0123456789"


@pytest.mark.slow
def test_links_hold_the_settings_of_every_tab(visit, app_url):
    page = visit("#lang=en").page
    page.get_by_role("tab", name="Accuracy sweep").click()
    page.locator(".sweep select.attack").select_option("noise")
    page.locator(".sweep .count").select_option("500")
    page.locator(".sweep .epsilons").fill("0, 0.25")
    page.locator(".sweep .epsilons").blur()
    sweep = page.evaluate("location.hash")
    assert hash_of(page) == {"tab": "sweep", "model": "standard", "attack": "noise", "images": "500",
                             "epsilons": "0, 0.25", "lang": "en"}  # fmt: skip
    page.get_by_role("tab", name="Train").click()
    page.locator(".train .recipe").select_option("robust")
    page.locator(".train .seed").fill("7")
    page.locator(".train .seed").blur()
    train = page.evaluate("location.hash")
    assert hash_of(page)["recipe"] == "robust"
    page.get_by_role("tab", name="GAN").click()
    page.locator('.gan [data-who="generator"]').click()
    page.locator(".gan .greedy").check()
    gan = page.evaluate("location.hash")
    assert hash_of(page)["who"] == "generator"

    again = visit("#lang=en").page
    again.goto("about:blank")
    again.goto(app_url + sweep)
    for link in (sweep, train, gan, "#tab=learn&lang=en"):  # the first opens the page, the others are followed in it
        lead(again, link)
        tab = hash_of(again)["tab"]
        expect(again.locator(f"#tab-{tab}-button")).to_have_attribute("aria-selected", "true")
        expect(again.locator(f".{tab}")).to_have_attribute("data-ready", "")
        assert again.evaluate("location.hash") == link
        if tab == "sweep":
            assert again.locator(".sweep .epsilons").input_value() == "0, 0.25"
            assert again.locator(".sweep .count").input_value() == "500"
            assert again.locator(".sweep select.attack").input_value() == "noise"
        if tab == "train":
            assert again.locator(".train .recipe").input_value() == "robust"
            assert again.locator(".train .seed").input_value() == "7"
        if tab == "gan":
            assert again.locator(".gan .greedy").is_checked()
            expect(again.locator('.gan [data-who="generator"]')).to_have_attribute("aria-pressed", "true")


def test_back_and_forward_go_through_the_tabs(visit):
    visitor = visit("#index=5&epsilon=0.1&lang=en")
    page = visitor.page
    hash_of(page, "index=5")
    shown = visitor.pixels("image-clean")
    steps = page.evaluate("navigation.entries().length")
    visitor.set_epsilon(0.3)
    visitor.find("epsilon").dispatch_event("change")
    hash_of(page, "epsilon=0.3")
    assert page.evaluate("navigation.entries().length") == steps  # no step for every look
    page.get_by_role("tab", name="Learn").click()
    page.get_by_role("button", name="an 8 on which FGSM fails").click()
    hash_of(page, "compare=")
    expect(page.locator(".explore.comparing:not(.waiting)")).to_have_count(1)
    assert visitor.pixels("image-clean") != shown
    page.go_back()
    expect(page.get_by_role("tab", name="Learn")).to_have_attribute("aria-selected", "true")
    page.go_back()
    expect(page.get_by_role("tab", name="Explore")).to_have_attribute("aria-selected", "true")
    hash_of(page, "index=5&")
    expect(visitor.find("epsilon-value")).to_have_text("0.300")
    expect(page.locator(".explore:not(.comparing):not(.waiting)")).to_have_count(1)
    assert visitor.pixels("image-clean") == shown
    page.go_forward()
    expect(page.get_by_role("tab", name="Learn")).to_have_attribute("aria-selected", "true")
    page.evaluate("location.hash = '#tab=gan&greedy=true&lang=zh'")  # a link followed by hand
    expect(page.get_by_role("tab", name="GAN")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".gan .greedy")).to_be_checked()
    expect(page.get_by_role("tab").first).to_have_text("探索")


def test_sharing_copies_the_link_and_saves_the_picture(visit, app_url, tmp_path):
    visitor = visit("#index=63&epsilon=0.2&lang=en")
    page = visitor.page
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    hash_of(page, "index=63")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".share-status")).to_have_text("Link copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url
    assert urlsplit(copied).fragment.startswith("index=63&")
    picture = page.locator(".share-picture")
    expect(picture).to_have_attribute("alt", "Now 2, 88.3% sure: the network is fooled.")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save picture").click()
    from PIL import Image

    path = tmp_path / "picture.png"
    saving.value.save_as(path)
    image = Image.open(path).convert("RGB")
    assert image.width == 1200
    assert image.getpixel((5, 5)) == (255, 255, 255)
    adversarial = visitor.pixels("image-adversarial")
    side, left, top = 320, 60 + 2 * 380, 115  # of the third image on the sheet
    sheet = [
        image.getpixel((left + int((x + 0.5) * side / 28), top + int((y + 0.5) * side / 28)))[0]
        for y in range(28)
        for x in range(28)
    ]
    assert sheet == adversarial
    page.keyboard.press("Escape")
    expect(page.locator("dialog.share")).to_be_hidden()


def test_a_phone_shares_by_its_own_sheet(visit):
    visitor = visit("#index=63&epsilon=0.2&lang=zh")
    page = visitor.page
    page.add_init_script("""navigator.share = async (what) => { window.shared = what; };
        navigator.canShare = () => true;""")
    page.reload()
    hash_of(page, "index=63")
    page.get_by_role("button", name="分享").click()
    expect(page.locator(".share-picture")).to_be_visible()
    page.get_by_role("button", name="分享…").click()
    shared = page.evaluate("({...window.shared, files: window.shared.files.map(f => [f.name, f.type, f.size > 2000])})")
    assert shared["url"] == page.url
    assert shared["files"] == [["advdemo.png", "image/png", True]]
    assert "8" in shared["text"]
    page.close()
