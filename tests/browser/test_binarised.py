from playwright.sync_api import expect

from advdemo.attacks import few_pixels
from advdemo.images.mnist import load_mnist
from advdemo.measures.scan import scan
from advdemo.networks.binarised import Binarised
from advdemo.networks.checkpoint import load_checkpoint
from tests.conftest import CHECKPOINT


def test_looks_robust_is_blind_to_fgsm_but_not_robust(look):
    images, labels = load_mnist("test")
    image, label = images[63], int(labels[63])
    network = Binarised(load_checkpoint(CHECKPOINT, "cpu")[0])
    broken = scan(network, image, label, attack="bpda").flip_epsilon
    visitor = look("#index=63&model=binarised&epsilon=0.3")
    expect(visitor.find("flip-epsilon")).to_have_text("Not fooled up to ε = 0.5")
    visitor.find("attack").select_option("bpda")
    expect(visitor.find("flip-epsilon")).to_contain_text(f"{broken:.4f}")
    crossing = int((((image > 0.5) & (image - 0.3 <= 0.5)) | ((image <= 0.5) & (image + 0.3 > 0.5))).sum())
    expect(visitor.find("crossing")).to_contain_text(f"Within ε = 0.300, {crossing} of this digit's")


def test_few_pixels_are_turned_over_on_request(look):
    images, labels = load_mnist("test")
    network = load_checkpoint(CHECKPOINT, "cpu")[0]
    turned, count = few_pixels(network, images[63], int(labels[63]))
    reads = int(network(turned[None]).argmax())
    visitor = look("#index=63")
    visitor.page.locator(".few-pixels summary").click()
    visitor.find("few-run").click()
    expect(visitor.find("few-status")).to_have_text(
        f"{count} pixels of 784 turned over, and the network reads {reads}."
    )
    pixels = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
    shown = visitor.page.locator(".few-pixels canvas").nth(1).evaluate(pixels)
    assert shown == (turned.flatten() * 255).round().int().tolist()
    visitor.find("board").locator("[data-index]").nth(12).click()
    expect(visitor.find("few-status")).to_be_empty()
