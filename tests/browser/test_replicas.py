"""What a visitor loses when a replica is killed, under a prefix, with everything under way at once: nothing."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import DESK, Visitor
from tests.replicas import NGINX, running_replicas

SLOW = 150_000  # milliseconds: training, game and sweep share the machine, with a replica that starts


@pytest.fixture(scope="module")
def replicas(tmp_path_factory):
    if NGINX is None:
        reason = "no nginx found: install one (Debian: `apt install nginx-light`)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with running_replicas(tmp_path_factory.mktemp("nginx"), "/demo") as running:
        yield running


def replica_of_the_visitor(replicas):
    """The port that all requests went to."""
    lines = [line.split(maxsplit=1) for line in replicas.log.read_text().splitlines()]
    asked = {address for path, address in lines if "/ask/" in path or "/follow/" in path}
    assert len(asked) == 1, asked
    return int(asked.pop().split(":")[1])


def open_tab(page, name):
    page.locator(f"#tab-{name}-button").click()


def wait_for_steps(page, more_than):
    page.wait_for_function(
        "least => +document.querySelector('[data-testid=gan-steps]').dataset.steps > least",
        arg=more_than,
        timeout=SLOW,
    )


@pytest.mark.slow
def test_nothing_is_lost_with_a_replica(chromium, replicas):
    visitor = Visitor(chromium.new_context(**DESK), f"http://127.0.0.1:{replicas.port}/demo/")
    page = visitor.page
    page.evaluate("window.sameAsBefore = true")

    open_tab(page, "train")
    page.locator("#train-run").click()
    accuracy = page.locator(".train .status", has_text=re.compile(r"Epoch [2-8] of 8.*\d\d\.\d+%"))
    expect(accuracy).to_be_visible(timeout=SLOW)  # alone as yet: game and training share a processor's time
    open_tab(page, "gan")
    page.locator("#gan-step").click()
    expect(page.locator(".gan .status")).to_have_text("1 step played.", timeout=SLOW)
    page.locator("#gan-run").click()
    wait_for_steps(page, 1)
    open_tab(page, "sweep")
    page.locator(".sweep .attack").select_option("pgd")
    page.locator(".sweep .count").select_option("1000")
    page.locator(".sweep .epsilons").fill("0.1")
    page.locator("#sweep-run").click()
    expect(page.locator(".sweep .status")).to_contain_text("of 1,000 images", timeout=SLOW)

    lost = replica_of_the_visitor(replicas)
    replicas.apps[lost].kill()

    expect(page.locator(".sweep .status")).to_contain_text("Trying again in 1 s.")
    open_tab(page, "explore")
    visitor.find("random").click()
    expect(page.locator(".explore.waiting")).to_have_count(0, timeout=SLOW)
    expect(page.locator(".explore .error")).to_be_hidden()

    open_tab(page, "train")
    expect(page.locator(".train .status")).to_contain_text(re.compile("[Ee]poch 1"), timeout=SLOW)
    page.locator("#train-stop").click()
    expect(page.locator(".train .summary")).to_contain_text(re.compile(r"9\d\.\d+%"), timeout=SLOW)

    open_tab(page, "gan")
    wait_for_steps(page, 1)
    page.locator("#gan-pause").click()
    expect(page.locator(".gan .status")).to_contain_text("Paused at step", timeout=SLOW)

    open_tab(page, "sweep")
    expect(page.locator(".sweep")).to_have_attribute("data-state", "done", timeout=SLOW)
    expect(page.locator("#sweep-table tbody tr")).to_have_count(1)
    expect(page.locator("#sweep-table")).to_contain_text("1,000")

    assert page.evaluate("window.sameAsBefore")  # Gradio's own page would load itself again
    lines = [line.split(maxsplit=1) for line in replicas.log.read_text().splitlines()]
    assert {path for path, _ in lines if not path.startswith("/demo")} <= {"/favicon.ico"}
    cut_off = "Failed to load resource: net::ERR_"  # as browsers say of answers that the killed one had begun
    assert [line for line in visitor.complaints if not line.startswith(cut_off)] == []
    visitor.context.close()
