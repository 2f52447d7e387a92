import numpy as np
import pytest
from playwright.sync_api import expect

from advdemo.attacks.fgsm import perturb
from advdemo.images.mnist import load_mnist
from advdemo.measures.scan import scan
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import predict
from tests.conftest import CHECKPOINT, ROBUST_CHECKPOINT

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
THREE = [(0.32, 0.24), (0.5, 0.16), (0.67, 0.27), (0.62, 0.42), (0.45, 0.48),
         (0.64, 0.55), (0.7, 0.7), (0.55, 0.84), (0.3, 0.78)]  # fmt: skip


@pytest.fixture(scope="module")
def lenet():
    return load_checkpoint(CHECKPOINT, "cpu")[0]


@pytest.fixture(scope="module")
def robust():
    return load_checkpoint(ROBUST_CHECKPOINT, "cpu")[0]


def pick(visitor, place):
    """Click the board's cell at this place and wait for its scan; the index of the test image."""
    cell = visitor.find("board").locator("[data-index]").nth(place)
    cell.click()
    expect(cell).to_have_attribute("aria-pressed", "true")
    return int(cell.get_attribute("data-index"))


def wait_for_image(visitor, pixels, same):
    """Until the clean image is (or is no longer) the one with these pixels."""
    visitor.page.wait_for_function(
        """([pixels, same]) => {
            const canvas = document.querySelector('[data-testid=image-clean]');
            const shown = canvas.getContext('2d').getImageData(0, 0, 28, 28).data.filter((_, i) => i % 4 === 0);
            return (shown.join() === pixels) === same;
        }""",
        arg=[",".join(map(str, pixels)), same],
    )


def test_something_is_on_screen_from_the_start(visit):
    visitor = visit()
    assert visitor.find("prediction-clean").get_attribute("data-digit") in "0123456789"
    assert max(visitor.pixels("image-clean")) == 255
    assert not [request for request in visitor.requests if "queue" in request]


def test_every_tick_shows_the_model_s_output_at_that_epsilon(visit, lenet):
    visitor = visit()
    index = pick(visitor, 30)
    images, labels = load_mnist("test")
    expected = scan(lenet, images[index], int(labels[index]))
    expect(visitor.find("proof")).to_contain_text("Proved")
    visitor.requests.clear()
    for step in range(0, 101, 4):
        visitor.set_epsilon(step / 200)
        assert visitor.find("epsilon-value").inner_text() == f"{step / 200:.3f}"
        shown = visitor.find("prediction-adversarial")
        digit = int(shown.get_attribute("data-digit"))
        assert digit == expected.probabilities[step].argmax()
        assert float(shown.get_attribute("data-confidence")) == pytest.approx(
            expected.probabilities[step].max(), abs=1e-5
        )
        assert np.abs(np.array(visitor.pixels("image-adversarial")) - expected.images[step].flatten()).max() <= 1
    assert visitor.requests == []  # the slider is silent
    flip = visitor.find("flip-epsilon").get_attribute("data-epsilon")
    assert (float(flip) if flip else None) == expected.flip_epsilon


def test_the_flip_point_is_where_the_prediction_changes(visit, lenet):
    visitor = visit()
    index = pick(visitor, 9)
    flip = float(visitor.find("flip-epsilon").get_attribute("data-epsilon"))
    images, labels = load_mnist("test")
    image, label = images[index : index + 1], int(labels[index])
    sign = scan(lenet, image, label).sign.reshape(1, 1, 28, 28).astype(np.float32)
    at, before = (
        predict(lenet, perturb(image, lenet.fc[0].weight.new_tensor(sign), e)).argmax() for e in (flip, flip - 2e-4)
    )
    assert before == label != at
    visitor.find("flip-epsilon").click()
    assert visitor.find("prediction-adversarial").get_attribute("data-digit") != str(label)


def test_keys_move_the_slider_and_say_so(visit):
    visitor = visit()
    slider = visitor.find("epsilon")
    slider.focus()
    for key, value in (
        ("Home", "0.000"),
        ("ArrowRight", "0.005"),
        ("ArrowUp", "0.010"),
        ("End", "0.500"),
        ("ArrowLeft", "0.495"),
    ):
        visitor.page.keyboard.press(key)
        assert visitor.find("epsilon-value").inner_text() == value
        assert slider.get_attribute("aria-valuetext").startswith(f"epsilon {value}: ")
    visitor.page.keyboard.press("PageDown")
    assert float(visitor.find("epsilon-value").inner_text()) < 0.495


def test_epsilon_zero_shows_the_clean_image(visit):
    visitor = visit()
    visitor.set_epsilon(0)
    assert visitor.pixels("image-adversarial") == visitor.pixels("image-clean")
    assert visitor.find("prediction-adversarial").inner_text() == visitor.find("prediction-clean").inner_text()


def test_drawing_undo_and_clear(visit):
    visitor = visit()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw(*THREE)
    expect(visitor.page.locator(".truth-source")).to_contain_text("reading of your drawing")
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "3")
    visitor.page.wait_for_url("**drawing=**")  # the answer to the whole stroke, not to a part of it
    drawn = visitor.pixels("image-clean")
    assert max(drawn) == 255
    visitor.draw((0.2, 0.5), (0.8, 0.5))
    wait_for_image(visitor, drawn, same=False)
    visitor.find("pad-undo").click()
    wait_for_image(visitor, drawn, same=True)
    visitor.find("pad-clear").click()
    expect(visitor.find("pad-clear")).to_be_disabled()
    expect(visitor.page.locator(".pad-hint")).to_be_visible()


def test_quick_strokes_are_all_answered(visit):
    visitor = visit()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.page.route("**/queue/data**", lambda route: (visitor.page.wait_for_timeout(200), route.continue_()))
    visitor.draw((0.4, 0.2), (0.3, 0.55), (0.7, 0.55))
    visitor.draw((0.6, 0.3), (0.6, 0.85))
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "4")
    expect(visitor.page.locator(".explore")).not_to_have_class("waiting")


def test_a_click_draws_a_dot_and_says_it_is_no_digit(visit):
    visitor = visit()
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw((0.5, 0.5))
    expect(visitor.page.locator(".error")).to_contain_text("dot")


def test_the_true_label_can_be_set(visit):
    visitor = visit()
    index = pick(visitor, 2)
    clean = visitor.find("prediction-clean").get_attribute("data-digit")
    other = str((int(clean) + 1) % 10)
    visitor.find("true-label").select_option(other)
    expect(visitor.page.locator(".truth-source")).to_have_text("chosen by you")
    expect(visitor.page.locator(".outcome")).to_contain_text("Already wrong before the attack")
    assert visitor.find("flip-epsilon").get_attribute("data-epsilon") == "0"
    visitor.find("true-label").select_option("")
    expect(visitor.page.locator(".truth-source")).to_have_text("as labelled in MNIST")
    assert index == 0 or clean == visitor.find("prediction-clean").get_attribute("data-digit")


def test_board_filters_and_random(visit):
    visitor = visit()
    _, labels = load_mnist("test")
    cells = visitor.find("board").locator("[data-index]")
    visitor.page.locator('[data-filter="7"]').click()
    shown = [int(cells.nth(place).get_attribute("data-index")) for place in range(cells.count())]
    assert len(shown) == len(set(shown)) == 35
    assert {int(labels[index]) for index in shown} == {7}
    visitor.page.locator('[data-filter="hardest"]').click()
    cells.first.click()
    expect(visitor.page.locator(".outcome")).to_contain_text("Already wrong before the attack")
    before = visitor.pixels("image-clean")
    visitor.page.locator('[data-filter="all"]').click()
    visitor.find("random").click()
    wait_for_image(visitor, before, same=False)


def test_play_moves_epsilon_to_the_end(visit):
    visitor = visit()
    visitor.set_epsilon(0.4)
    button = visitor.page.locator(".play")
    button.click()
    expect(button).to_contain_text("Pause")
    expect(visitor.find("epsilon-value")).to_have_text("0.500", timeout=10_000)
    expect(button).to_contain_text("Play")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_nothing_overflows(visit, theme, device):
    visitor = visit(f"?__theme={theme}", **device)
    width = visitor.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
    background = visitor.page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = sum(map(int, background.removeprefix("rgb(").rstrip(")").split(","))) < 384
    assert dark == (theme == "dark")


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
    expect(visitor.page.locator(".truth-source")).to_contain_text("reading of your drawing")
    expect(visitor.find("prediction-clean")).to_have_attribute("data-digit", "1")
    assert visitor.page.evaluate("scrollY") == 0


def test_compare_shows_both_networks_with_one_slider(visit, lenet, robust):
    visitor = visit("#index=63&model=standard&compare=robust&epsilon=0.2")
    page = visitor.page
    expect(page.locator(".explore.comparing")).to_have_count(1)
    images, labels = load_mnist("test")
    scans = [scan(network, images[63], int(labels[63])) for network in (lenet, robust)]
    visitor.requests.clear()
    for step in (0, 40, 100):
        visitor.set_epsilon(step / 200)
        for place, expected in enumerate(scans):
            shown = page.locator(".picture").nth(place).locator(".adversarial .verdict")
            assert int(shown.get_attribute("data-digit")) == expected.probabilities[step].argmax()
            assert float(shown.get_attribute("data-confidence")) == pytest.approx(
                expected.probabilities[step].max(), abs=1e-5
            )
    assert visitor.requests == []
    flips = [page.locator(".picture-head .flip").nth(place).get_attribute("data-epsilon") for place in (0, 1)]
    assert [float(flip) if flip else None for flip in flips] == [expected.flip_epsilon for expected in scans]
    visitor.find("compare").select_option("")
    expect(page.locator(".picture.second")).to_be_hidden()


def test_pgd_shows_the_image_of_every_epsilon(visit, lenet):
    visitor = visit("#index=7&attack=pgd&epsilon=0.1")
    images, labels = load_mnist("test")
    expected = scan(lenet, images[7], int(labels[7]), attack="pgd")
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", str(expected.flip_epsilon))
    visitor.requests.clear()
    for step in (0, 1, 20, 50, 100):
        visitor.set_epsilon(step / 200)
        assert visitor.pixels("image-adversarial") == expected.images[step].flatten().tolist()
    assert visitor.requests == []


def test_a_target_is_reached_or_refused(visit, lenet):
    visitor = visit("#index=0&attack=pgd&target=5&epsilon=0.3")
    images, _ = load_mnist("test")
    expected = scan(lenet, images[0], 5, attack="pgd", targeted=True)
    expect(visitor.find("flip-epsilon")).to_have_attribute("data-epsilon", str(expected.flip_epsilon))
    expect(visitor.page.locator(".outcome")).to_contain_text("the target is reached")
    assert visitor.find("target").locator("option:disabled").get_attribute("value") == "7"
    visitor.page.evaluate("location.hash = ''")
    visitor.find("target").select_option("2")
    pick(visitor, 14)  # the first of the 2s
    expect(visitor.page.locator(".error")).to_contain_text("already reads this digit as 2")
    expect(visitor.find("target")).to_have_value("")


def test_a_link_holds_what_is_on_screen(visit):
    visitor = visit()
    visitor.find("attack").select_option("noise")
    expect(visitor.page.locator(".formula").first).to_contain_text("random")
    visitor.find("compare").select_option("fgsm")
    expect(visitor.page.locator(".explore.comparing")).to_have_count(1)
    index = pick(visitor, 20)
    expect(visitor.page.locator(".explore.waiting")).to_have_count(0)
    link = visitor.page.evaluate("location.hash")
    assert f"index={index}&" in link
    again = visit(link)
    expect(again.page.locator(".explore.comparing:not(.waiting)")).to_have_count(1)
    assert again.page.evaluate("location.hash") == link
    assert again.pixels("image-clean") == visitor.pixels("image-clean")
    assert again.find("prediction-adversarial").inner_text() == visitor.find("prediction-adversarial").inner_text()


def test_the_link_of_a_drawing_holds_nothing_else(visit):
    visitor = visit("#index=5&epsilon=0.1")
    visitor.page.get_by_role("button", name="Draw").click()
    visitor.draw(*THREE)
    expect(visitor.page.locator(".truth-source")).to_contain_text("reading of your drawing")
    visitor.page.wait_for_function("location.hash.includes('drawing=')")
    assert "index=" not in visitor.page.url


@pytest.mark.parametrize(
    "link", ["#index=99999", "#index=x&attack=bomb&epsilon=nan", "#%00", "#model=yours&compare=1&target=11"]
)
def test_a_broken_link_is_survived(visit, link):
    visitor = visit(link)
    expect(visitor.page.locator(".explore.waiting")).to_have_count(0)
    assert visitor.find("prediction-clean").get_attribute("data-digit") in "0123456789"
    pick(visitor, 3)


def test_a_newer_digit_supersedes_pgd(visit):
    visitor = visit("#attack=pgd")
    cells = visitor.find("board").locator("[data-index]")
    for place in range(10, 20):
        cells.nth(place).click()
    expect(cells.nth(19)).to_have_attribute("aria-pressed", "true", timeout=8_000)
    expect(visitor.page.locator(".error")).to_be_hidden()


def test_learn_opens_explore_in_the_state_it_speaks_of(visit):
    visitor = visit()
    visitor.page.get_by_role("tab", name="Learn").click()
    table = visitor.page.locator(".learn table").first
    fgsm, pixels = (table.locator("tr", has_text=name).locator("td") for name in ("FGSM", "pixels to turn over"))
    expect(fgsm.nth(0)).to_have_text("3.3%")
    expect(pixels).to_have_text(["7", "4", "1", "7"])
    visitor.page.get_by_role("button", name="a 2 that FGSM misses").click()
    expect(visitor.find("prediction-adversarial")).to_have_attribute("data-digit", "2")
    other = visitor.page.locator(".picture.second .adversarial .verdict")
    expect(other).to_have_attribute("data-digit", "7")
    expect(visitor.find("epsilon-value")).to_have_text("0.300")
