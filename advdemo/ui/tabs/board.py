"""The board of digits to pick from."""

import zlib

import numpy as np

from advdemo.images.greys import as_bytes
from advdemo.measures.bounds import RESOLUTION
from advdemo.measures.saved import EACH, first_of_each_class
from advdemo.networks.predict import predict
from advdemo.ui.service import Service

UNKNOWN = 0xFFFF


def make_board(service: Service, proofs: dict[str, dict[int, float]]) -> dict[str, object]:
    """The first EACH digits of each class, then those of the whole test set in whose label the standard network has the
    least confidence: {"file": an address relative to the page, "digits": "index:label:group,...", "total": images in
    the set, "proofs": the networks of `proofs`}. The file, deflated, holds the digits' 784 bytes each, and then for
    each of those networks how far each digit is certified, uint16 in steps of RESOLUTION, UNKNOWN where it is not
    known. No picture: browsers that guard their canvases would not give its pixels back to compute with."""
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
    content = as_bytes(images[[index for index, _ in digits], 0]).tobytes()
    for proved in proofs.values():
        steps = [round(proved[index] / RESOLUTION) if index in proved else UNKNOWN for index, _ in digits]
        content += np.array(steps, "<u2").tobytes()
    return {
        "file": service.kept.keep(zlib.compress(content, 9), ".zlib"),
        "digits": ",".join(f"{index}:{int(labels[index])}:{group}" for index, group in digits),
        "total": len(images),
        "proofs": list(proofs),
    }
