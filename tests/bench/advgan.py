"""What AdvGAN's one pass leaves of four networks, beside FGSM: `python -m tests.bench.advgan`, a minute.

It was trained against the standard network alone; "another" is a LeNet of another seed, trained here by `quick`.
"""

from advdemo.attacks import advgan, fgsm
from advdemo.images.mnist import load_mnist
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import accuracy
from tests.bench.gan import JUDGE_SEED, trained_on
from tests.conftest import CERTIFIED_CHECKPOINT, CHECKPOINT, ROBUST_CHECKPOINT

EPSILONS = (0.1, 0.2, 0.3)


def main() -> None:
    images, labels = load_mnist("test")
    files = {"standard": CHECKPOINT, "robust": ROBUST_CHECKPOINT, "certified": CERTIFIED_CHECKPOINT}
    networks = {name: load_checkpoint(path, "cpu")[0] for name, path in files.items()}
    networks["another"] = trained_on(*load_mnist("train"), JUDGE_SEED)
    print(f"{'accuracy left on 10,000 at ε':30}" + "".join(f"{epsilon:>10}" for epsilon in EPSILONS))
    for name, network in networks.items():
        for attack, attacked in {
            "AdvGAN": [advgan(images, epsilon) for epsilon in EPSILONS],
            "FGSM": [fgsm(network, images, labels, epsilon) for epsilon in EPSILONS],
        }.items():
            left = "".join(f"{accuracy(network, some, labels):10.2%}" for some in attacked)
            print(f"{name:20}{attack:10}{left}", flush=True)


if __name__ == "__main__":
    main()
