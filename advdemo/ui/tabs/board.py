"""The board of digits to pick from."""

import base64
import io

import numpy as np
from PIL import Image
from torch import Tensor, nn

from advdemo.images.greys import as_bytes
from advdemo.networks.predict import predict

COLUMNS = 35  # of the sprite: a row for each class, then the hardest digits


def make_board(network: nn.Module, images: Tensor, labels: Tensor) -> dict[str, object]:
    """A sprite of the first COLUMNS digits of each class, then of those of the whole set in whose label the network has
    the least confidence: {"sprite": a WebP picture as a data URL, "columns", "digits": "index:label:group,...",
    "total": images in the set}. images float32 (N, 1, 28, 28) in [0, 1], labels int64 (N,)."""
    digits = [(int(index), str(digit)) for digit in range(10) for index in (labels == digit).nonzero()[:COLUMNS, 0]]
    device = next(network.parameters()).device
    confidence = np.concatenate(
        [
            predict(network, batch.to(device)).gather(1, truth.to(device)[:, None])[:, 0].cpu().numpy()
            for batch, truth in zip(images.split(500), labels.split(500), strict=True)
        ]
    )
    digits += [(int(index), "hardest") for index in confidence.argsort(kind="stable")[:COLUMNS]]
    rows = -(-len(digits) // COLUMNS)
    sprite = np.zeros((rows * 28, COLUMNS * 28), dtype=np.uint8)
    for place, (index, _) in enumerate(digits):
        row, column = divmod(place, COLUMNS)
        sprite[row * 28 : row * 28 + 28, column * 28 : column * 28 + 28] = as_bytes(images[index, 0])
    file = io.BytesIO()
    Image.fromarray(sprite).save(file, "WEBP", lossless=True)
    return {
        "sprite": f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}",
        "columns": COLUMNS,
        "digits": ",".join(f"{index}:{int(labels[index])}:{group}" for index, group in digits),
        "total": len(images),
    }
