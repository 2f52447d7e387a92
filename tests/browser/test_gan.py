import re

from playwright.sync_api import expect

from tests.browser import replies
from tests.browser.tabs import read_in
from tests.browser.visitor import PHONE

SLOW = 120_000  # milliseconds: other tests' work may be under way


def open_tab(visit, **context):
    visitor = visit(**context)
    visitor.page.locator("#tab-gan-button").click()
    expect(visitor.find("gan-read")).to_be_visible()
    return visitor


def steps(visitor):
    return int(visitor.find("gan-steps").get_attribute("data-steps"))


def wait_for_steps(visitor, more_than):
    visitor.page.wait_for_function(
        "least => +document.querySelector('[data-testid=gan-steps]').dataset.steps > least", arg=more_than, timeout=SLOW
    )


def forgery(visitor, place=0):
    return visitor.page.locator(".forgeries canvas").nth(place).evaluate("canvas => canvas.toDataURL()")


def test_the_shipped_pair_is_there_at_first(visit):
    visitor = open_tab(visit)
    expect(visitor.find("gan-read")).to_have_text(re.compile(r"LeNet recognises (9\d|100) of 100 forgeries"))
    shares = visitor.page.locator(".forgeries .share").all_inner_texts()
    assert len(shares) == 30
    assert all(0 <= int(share) <= 100 for share in shares)
    expect(visitor.page.locator(".real canvas").nth(3)).to_have_attribute(
        "aria-label", re.compile(r"A real 3, rated \d+%")
    )
    expect(visitor.find("gan-steps")).to_have_text(re.compile("Shown: a game from scratch"))
    example = visitor.page.locator('[data-plot="quality"] path.read').get_attribute("d")
    assert example.count("L") > 20


def test_a_game_is_played_changed_paused_and_draws_in_explore(visit):
    visitor = open_tab(visit)
    before = forgery(visitor)
    visitor.find("gan-start").select_option("halfway")
    visitor.find("gan-pace").select_option("10")
    visitor.page.locator("#gan-run").click()
    wait_for_steps(visitor, 0)
    wait_for_steps(visitor, steps(visitor) + 2)  # it was halfway already
    assert forgery(visitor) != before
    expect(visitor.find("gan-steps")).to_have_text(re.compile(r"real digits seen · \d+ s played"))
    visitor.page.get_by_text("The forger alone").click()
    expect(visitor.page.locator(".expect")).to_contain_text("first stage")
    expect(visitor.page.locator(".happened")).to_contain_text("Steps since the change", timeout=SLOW)
    visitor.page.locator("#gan-pause").click()
    expect(visitor.page.locator(".gan .status")).to_contain_text("Paused at step", timeout=SLOW)
    expect(visitor.page.locator("#gan-run")).to_have_text("Continue")
    draws_in_explore_until_it_is_put_back(visit, visitor, steps(visitor))


def draws_in_explore_until_it_is_put_back(visit, visitor, count):
    with visitor.page.expect_download() as download:
        visitor.find("gan-download").click()
    assert download.value.suggested_filename == "generator.safetensors"
    refused = []
    visitor.page.on("response", lambda response: refused.append(response.url) if response.status >= 400 else None)
    visitor.find("gan-use").click()
    expect(visitor.page.locator(".own-forger")).to_have_text(f"Your forger, after {count} steps")
    expect(visitor.page.locator(".truth-source")).to_have_text("the digit you asked for")
    expect(visitor.page).to_have_url(re.compile("generate=3.*drawing="))  # no link can hold the forger
    assert not refused
    own, link = visitor.pixels("image-clean"), visitor.page.evaluate("location.hash")
    other = visit(link)
    expect(other.find("latent-pad")).to_be_visible()
    expect(other.find("realness")).to_have_text(re.compile("another visit"))
    other.wait_for_image(own, same=True)
    visitor.page.locator(".generate .restore").click()
    expect(visitor.page).to_have_url(re.compile("generate=3"))
    visitor.wait_for_image(own, same=False)


def test_a_game_waits_its_turn_goes_on_step_by_step_and_is_stopped(visit):
    visitor = open_tab(visit)
    told, status = replies.Replies(visitor.page, "game"), visitor.page.locator(".gan .status")
    (first, *_, last), pair = replies.game()
    visitor.page.locator("#gan-step").click()
    told.wait()
    assert told.asked().items() >= {"start": "nothing", "most_steps": 1}.items()
    expect(status).to_have_text(re.compile(r"^Step 1 of 3: starting a process on the server, \d+ s…"))
    told.say({"ahead": 1})
    expect(status).to_have_text("1 visitor is ahead of you…")
    visitor.find("gan-pace").select_option("10")  # of which the server's process is told once there is one
    visitor.page.wait_for_timeout(500)
    with visitor.page.expect_request("**/ask/steer") as steered:
        told.say({"doing": "images"})
    assert steered.value.post_data_json["settings"] == told.asked()["settings"] | {"pace": 10, "paused": False}
    expect(status).to_have_text(re.compile(r"^Step 2 of 3: reading the 60,000 training images, [1-9]\d* s…"))
    expect(visitor.page.locator(".gan.waiting")).to_be_visible()  # what is on screen is not of this game
    told.say({"doing": "forgeries"})
    expect(status).to_have_text(re.compile(r"^Step 3 of 3: drawing the first forgeries, \d+ s…"))
    told.say({"update": first}, {"update": last}, {"pair": pair})
    told.end()
    expect(status).to_have_text(re.compile(rf"{last['steps']} steps? played\."))
    expect(visitor.page.locator(".gan.waiting")).to_have_count(0)
    assert steps(visitor) == last["steps"]
    visitor.find("gan-pace").select_option("3")
    visitor.page.locator("#gan-run").click()
    told.wait(2)
    asked = told.asked()
    assert (asked["start"], asked["most_steps"], asked["settings"]["pace"]) == ("own", None, 3)
    assert asked["pair"] == {kind: pair[kind] for kind in ("generator", "discriminator")}
    told.say({"update": last | {"steps": 10}})
    expect(visitor.find("gan-steps")).to_have_attribute("data-steps", "10")
    visitor.page.locator("#gan-stop").click()
    expect(visitor.page.locator("#gan-run")).to_have_text("Play")


def test_a_greedy_forger_collapses_and_the_page_says_so(visit):
    """What the server says of such a game, tests/test_play.py holds."""
    visitor = open_tab(visit)
    told = replies.Replies(visitor.page, "game")
    status = visitor.page.locator(".gan .status")
    expect(status).to_contain_text("within half a minute")
    visitor.find("gan-greedy").check()
    expect(status).to_have_text("Press Play.")
    expect(visitor.page.locator(".expect")).to_contain_text("15 steps for each step")
    visitor.page.locator("#gan-run").click()
    told.wait()
    (first, *_, last), _ = replies.game()
    told.say({"update": first}, {"update": last | {"fake": 0.5, "real": 0.5, "read": 0.4, "variety": 0.7}})
    expect(visitor.find("gan-steps")).to_have_attribute("data-steps", str(last["steps"]))
    expect(visitor.page.locator(".happened")).not_to_contain_text("Mode collapse")
    told.say({"update": last | {"fake": 0.5, "real": 0.5, "read": 0.4, "variety": 0.3}})
    expect(visitor.page.locator(".happened")).to_contain_text("Mode collapse")
    expect(visitor.find("gan-variety")).to_have_attribute("data-variety", "0.300")
    visitor.find("gan-giant").check()
    expect(visitor.page.locator(".expect")).to_contain_text("overshoot")
    told.say(*({"update": last | {"steps": 50 + i, "fake": i % 2}} for i in range(3)))
    expect(visitor.page.locator(".happened")).to_contain_text("jumps between 0% and 100%")


def test_leaving_asks_first_while_a_game_is_worth_keeping(visit):
    visitor = open_tab(visit)
    told = replies.Replies(visitor.page, "game")
    asks = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    (first, *_, last), pair = replies.game()
    visitor.page.locator("#gan-run").click()
    told.wait()
    doing = re.compile(r"Step 1 of 3: starting a process on the server, \d+ s…")
    expect(visitor.page.locator(".gan .status")).to_have_text(doing)
    told.say({"update": first})
    expect(visitor.page.locator(".gan .status")).to_have_text("Playing.")
    assert not visitor.page.evaluate(asks)
    told.say({"update": last | {"seconds": 30}}, {"pair": pair})
    told.end()
    expect(visitor.find("gan-download")).to_be_enabled()
    assert visitor.page.evaluate(asks)
    with visitor.page.expect_download():
        visitor.find("gan-download").click()
    assert not visitor.page.evaluate(asks)


def test_learn_opens_the_game_as_its_buttons_say(look):
    visitor = look()
    for button, start, who, greedy in (
        ("the forger alone", "halfway", "generator", False),
        ("a collapse", "halfway", "both", True),
        ("from nothing to digits", "nothing", "both", False),
    ):
        visitor.page.locator("#tab-learn-button").click()
        visitor.page.get_by_role("button", name=button).click()
        expect(visitor.find("gan-start")).to_be_visible()
        expect(visitor.find("gan-start")).to_have_value(start)
        expect(visitor.page.locator(f"[data-who={who}]")).to_have_attribute("aria-pressed", "true")
        assert visitor.find("gan-greedy").is_checked() == greedy


def test_learn_opens_the_two_meetings_in_explore(look):
    visitor = look()
    visitor.page.locator("#tab-learn-button").click()
    visitor.page.get_by_role("button", name="FGSM and AdvGAN").click()
    expect(visitor.find("compare")).to_have_value("advgan")
    visitor.page.locator("#tab-learn-button").click()
    visitor.page.get_by_role("button", name="order a 3").click()
    expect(visitor.find("find-fooling")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile("generate=3.5.20.-10"))


def test_the_tabs_fit_on_a_phone(visit):
    page = visit("#lang=en", **PHONE).page
    for language in ("en", "zh"):
        read_in(page, language)
        for tab in ("explore", "sweep", "train", "gan", "learn"):
            expect(page.locator(f"#tab-{tab}-button")).to_be_visible()
