"""The board of digits to pick from."""

import io

import numpy as np
from PIL import Image

from advdemo.images.greys import as_bytes
from advdemo.networks.predict import predict
from advdemo.ui.service import Service

COLUMNS = 35  # of the sprite: a row for each class, then the hardest digits


def make_board(service: Service) -> dict[str, object]:
    """A sprite of the first COLUMNS digits of each class, then of those of the whole test set in whose label the
    standard network has the least confidence: {"sprite": address of a WebP picture, relative to the page, "columns",
    "digits": "index:label:group,...", "total": images in the set}."""
    network, images, labels = service.networks.shipped["standard"], service.images, service.labels
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
        "sprite": service.kept.keep(file.getvalue(), ".webp"),
        "columns": COLUMNS,
        "digits": ",".join(f"{index}:{int(labels[index])}:{group}" for index, group in digits),
        "total": len(images),
    }
