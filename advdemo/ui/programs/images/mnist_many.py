import gzip
from pathlib import Path

import torch

count = 500


def read(name, start):
    archive = Path(f"advdemo/images/mnist/t10k-{name}-ubyte.gz")
    return torch.frombuffer(bytearray(gzip.decompress(archive.read_bytes())), dtype=torch.uint8)[start:]


images = read("images-idx3", 16).view(-1, 1, 28, 28)[:count] / 255
labels = read("labels-idx1", 8)[:count].long()
