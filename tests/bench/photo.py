"""How many of the first MNIST test digits are found and read in photographs, scans and screenshots of each kind."""

import argparse

import numpy as np

from advdemo import shipped
from advdemo.images.mnist import load_mnist
from advdemo.images.photo import find_digits
from advdemo.networks.checkpoint import load_checkpoint
from advdemo.networks.predict import classify
from tests.photos import ROWS


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--digits", type=int, default=100)
    count = options.parse_args().digits
    images, labels = load_mnist("test")
    digits = (images[:count, 0] * 255).byte().numpy()
    network, _ = load_checkpoint(shipped("lenet.safetensors"), "cpu")
    print(f"{'kind':28}  read  one found  wanted of 100")
    for kind, row in ROWS.items():
        found = [find_digits(np.ascontiguousarray(row.make(digit, number))) for number, digit in enumerate(digits)]
        single = [(one[0], label) for one, label in zip(found, labels.tolist(), strict=False) if len(one) == 1]
        read = sum(int(classify(network, one.image[None])) == label for one, label in single)
        print(f"{kind:28}  {read:4}  {len(single):9}  {row.wanted:6}", flush=True)


if __name__ == "__main__":
    main()
