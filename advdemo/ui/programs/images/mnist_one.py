import gzip
from pathlib import Path

import torch

index = 63  # {index}
archive = Path("advdemo/images/mnist/t10k-images-idx3-ubyte.gz")
pixels = torch.frombuffer(bytearray(gzip.decompress(archive.read_bytes())), dtype=torch.uint8)
image = pixels[16:].view(-1, 1, 28, 28)[index : index + 1] / 255
