"""The board of digits to pick from."""

import base64
import zlib

import numpy as np
from torch import Tensor, nn

from advdemo.images.greys import as_bytes
from advdemo.networks.predict import predict

EACH = 35  # digits of each class, and of the hardest


def make_board(network: nn.Module, images: Tensor, labels: Tensor) -> dict[str, object]:
    """The first EACH digits of each class, then those of the whole set in whose label the network has the least
    confidence: {"pixels": their 784 bytes each, deflated, as base64, "digits": "index:label:group,...", "total": images
    in the set}. images float32 (N, 1, 28, 28) in [0, 1], labels int64 (N,). No picture file: browsers that guard their
    canvases would not give its pixels back to compute with."""
    digits = [(int(index), str(digit)) for digit in range(10) for index in (labels == digit).nonzero()[:EACH, 0]]
    device = next(network.parameters()).device
    confidence = np.concatenate(
        [
            predict(network, batch.to(device)).gather(1, truth.to(device)[:, None])[:, 0].cpu().numpy()
            for batch, truth in zip(images.split(500), labels.split(500), strict=True)
        ]
    )
    digits += [(int(index), "hardest") for index in confidence.argsort(kind="stable")[:EACH]]
    pixels = as_bytes(images[[index for index, _ in digits], 0])
    return {
        "pixels": base64.b64encode(zlib.compress(pixels.tobytes(), 9)).decode(),
        "digits": ",".join(f"{index}:{int(labels[index])}:{group}" for index, group in digits),
        "total": len(images),
    }
