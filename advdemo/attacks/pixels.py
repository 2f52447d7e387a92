"""Another threat model: few pixels, but changed at will. Where every pixel is nearly black or white, no small change of
each says much; but a handful turned over does.

    as long as the image is read as its label: of all 784 pictures with one more pixel turned over, take the one whose
    margin between the true class and the next is lowest
"""

import torch
from torch import Tensor, nn

from advdemo.attacks.inputs import check_images, check_labels
from advdemo.attacks.square import margins_of
from advdemo.attacks.steady import query_model

MOST = 60  # pixels


@torch.no_grad()
def few_pixels(model: nn.Module, image: Tensor, label: int, *, most: int = MOST) -> tuple[Tensor, int | None]:
    """The image with few pixels turned over, black ones to white and all brighter than half to black, so that it is no
    longer read as `label`; a greedy search, after Papernot et al., 2016, "The limitations of deep learning in
    adversarial settings", https://arxiv.org/abs/1511.07528, who let a gradient choose where this asks.

    Args:
        model: a classifier in eval mode, pixels -> logits (N, 10); no gradient is asked for.
        image: float32 (1, 28, 28) in [0, 1].
        label: the true class, 0..9.
        most: pixels to turn over, at most.

    Returns:
        float32 (1, 28, 28), and how many pixels differ; None when `most` were not enough.

    Raises:
        ValueError: wrong shape, pixels or label, or `most` below 1.
    """
    (image,) = check_images(image[None])
    truth = torch.tensor([label], device=image.device)
    check_labels(truth, 1)
    if most < 1:
        raise ValueError(f"most must be at least 1 pixel, got {most}")
    turned = (image < 0.5).to(image).flatten()
    best, left = image.flatten().clone(), torch.ones_like(turned, dtype=torch.bool)
    if margins_of(model(image[None]), truth)[0] < 0:
        return image, 0
    for count in range(1, min(most, turned.numel()) + 1):
        places = left.nonzero().flatten()
        candidates = best.repeat(len(places), 1).scatter_(1, places[:, None], turned[places, None])
        margins = margins_of(query_model(model, candidates.view(-1, *image.shape)), truth.expand(len(places)))
        chosen = margins.argmin()
        best, left[places[chosen]] = candidates[chosen], False
        if margins[chosen] < 0:
            return best.view(image.shape), count
    return best.view(image.shape), None
