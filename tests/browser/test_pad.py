"""Drawing: strokes, undo, clear, on a desk and on a phone."""

from playwright.sync_api import expect

from tests.browser.visitor import PHONE, THREE


def test_drawing_undo_and_clear(look):
    visitor = look()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw(*THREE)
    expect(visitor.page.locator(".truth-source")).to_contain_text("the network's prediction")
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "3")
    visitor.page.wait_for_url("**drawing=**")  # the answer to the whole stroke, not to a part of it
    drawn = visitor.pixels("image-clean")
    assert max(drawn) == 255
    visitor.draw((0.2, 0.5), (0.8, 0.5))
    visitor.wait_for_image(drawn, same=False)
    visitor.find("pad-undo").click()
    visitor.wait_for_image(drawn, same=True)
    visitor.find("pad-clear").click()
    expect(visitor.find("pad-clear")).to_be_disabled()
    expect(visitor.page.locator(".pad-hint")).to_be_visible()


def test_quick_strokes_are_all_answered(look):
    visitor = look()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.page.route("**/ask/scan", lambda route: (visitor.page.wait_for_timeout(200), route.continue_()))
    visitor.draw((0.4, 0.2), (0.3, 0.55), (0.7, 0.55))
    visitor.draw((0.6, 0.3), (0.6, 0.85))
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "4")
    expect(visitor.page.locator(".explore.waiting")).to_have_count(0)
    visitor.page.unroute("**/ask/scan")


def test_a_click_draws_a_dot_and_says_it_is_no_digit(look):
    visitor = look()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw((0.5, 0.5))
    expect(visitor.page.locator(".error")).to_contain_text("dot")


def test_the_link_of_a_drawing_holds_nothing_else(look):
    visitor = look("#index=5&epsilon=0.1")
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw(*THREE)
    expect(visitor.page.locator(".truth-source")).to_contain_text("the network's prediction")
    visitor.page.wait_for_function("location.hash.includes('drawing=')")
    assert "index=" not in visitor.page.url


def test_drawing_on_a_phone_does_not_scroll_the_page(visit):
    visitor = visit(**PHONE)
    visitor.page.get_by_role("button", name="Draw").tap()
    box = visitor.find("pad").bounding_box()
    touch = visitor.context.new_cdp_session(visitor.page)

    def send(kind, *points):
        places = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    send("touchStart", (0.5, 0.85))
    for step in range(12):
        send("touchMove", (0.5, 0.85 - 0.06 * step))
    send("touchEnd")
    expect(visitor.page.locator(".truth-source")).to_contain_text("the network's prediction")
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "1")
    assert visitor.page.evaluate("scrollY") == 0
