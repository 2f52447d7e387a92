import pytest
from playwright.sync_api import expect

from advdemo.images.mnist import load_mnist
from advdemo.measures.scan import scan
from advdemo.networks.binarised import Binarised
from advdemo.networks.checkpoint import load_checkpoint
from tests.conftest import CHECKPOINT


@pytest.mark.slow
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
