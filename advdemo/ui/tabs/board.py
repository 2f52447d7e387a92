"""The board of digits to pick from."""

import zlib

import numpy as np

from advdemo.images.greys import as_bytes
from advdemo.measures.saved import EACH, first_of_each_class
from advdemo.networks.predict import predict
from advdemo.ui.service import Service


def make_board(service: Service, proofs: dict[str, dict[int, float]]) -> dict[str, object]:
    """The first EACH digits of each class, then those of the whole test set in whose label the standard network has the
    least confidence: {"pixels": the address, relative to the page, of their 784 bytes each, deflated, "digits":
    "index:label:group,...", "total": images in the set, "proofs": by network what is certified of each, "0.0312,..."
    in that order, with nothing where that is not known}. No picture: browsers that guard their canvases would not give
    its pixels back to compute with."""
    network, images, labels = service.networks.shipped["standard"], service.images, service.labels
    digits = [(index, str(int(labels[index]))) for index in first_of_each_class(labels)]
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
        "pixels": service.kept.keep(zlib.compress(pixels.tobytes(), 9), ".zlib"),
        "digits": ",".join(f"{index}:{int(labels[index])}:{group}" for index, group in digits),
        "total": len(images),
        "proofs": {
            name: ",".join(str(proved.get(index, "")) for index, _ in digits) for name, proved in proofs.items()
        },
    }
