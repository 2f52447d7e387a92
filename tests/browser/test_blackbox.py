import re

from playwright.sync_api import expect

END = 30_000  # milliseconds: a film takes seven seconds


def test_the_box_is_asked_live_until_it_is_fooled(look):
    visitor = look("#index=63&epsilon=0.15")
    visitor.find("attack").select_option("blackbox")
    expect(visitor.page.locator(".charts")).to_be_hidden()
    expect(visitor.find("compare")).to_be_disabled()
    expect(visitor.find("box-status")).to_contain_text("leads by")
    expect(visitor.find("box-status")).to_contain_text(re.compile(r"Fooled after \d+ queries"), timeout=END)
    expect(visitor.page.locator(".box-now")).not_to_have_text("3")
    visitor.page.locator("[data-answers=label]").click()
    expect(visitor.find("target")).to_be_disabled()
    expect(visitor.find("box-count")).to_contain_text("of 2,000 queries")
    expect(visitor.page).to_have_url(re.compile("attack=blackbox"))
    visitor.find("attack").select_option("fgsm")
    expect(visitor.page.locator(".charts")).to_be_visible()
    expect(visitor.page.locator(".box-panel")).to_be_hidden()


def test_another_budget_or_digit_asks_anew_and_it_can_be_stopped(look):
    visitor = look("#index=63&model=robust&attack=blackbox&epsilon=0.1")
    expect(visitor.find("box-status")).to_contain_text("leads by", timeout=END)
    visitor.find("box-run").click()
    expect(visitor.find("box-status")).to_have_text("Stopped.")
    with visitor.page.expect_request("**/ask/blackbox") as asked:
        visitor.find("epsilon").press("ArrowRight")
        visitor.find("epsilon").dispatch_event("change")
    assert asked.value.post_data_json["epsilon"] == "0.105"
    with visitor.page.expect_request("**/ask/blackbox") as asked:
        visitor.find("board").locator("[data-index]").nth(3).click()
    assert asked.value.post_data_json["index"] != 63


def test_with_less_motion_the_film_is_its_end(look, standing):
    standing.page.emulate_media(reduced_motion="reduce")
    visitor = look("#index=63&attack=blackbox&answers=label&epsilon=0.3")
    expect(visitor.find("box-status")).to_contain_text("Fooled after")
    expect(visitor.page.locator("[data-answers=label]")).to_have_attribute("aria-pressed", "true")
    standing.page.emulate_media(reduced_motion="no-preference")
