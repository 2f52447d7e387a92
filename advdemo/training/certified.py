"""Certified training with interval bounds (Gowal et al., 2018).

Adversarial training minimises the loss of one attacked image, this an upper bound of the loss of all images within
epsilon, so that the network can be certified. From random weights most channels of a LeNet die while epsilon grows, and
the rest are too few; an adversarially trained network's survive. Clean images keep a share of the loss.
"""

from torch import Tensor, nn

from advdemo.networks.intervals import margins, pixel_box

GROWTH = 1.2  # epsilon grows with this power of time, slowly at first
LARGEST_GRADIENT = 8.0  # its norm, to which longer ones are cut


def worst_logits(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Worst-case logits (N, 10) for cross-entropy: 0 for the label, for the other classes upper bounds of their lead
    over it within `epsilon`. The label is the largest only where the image is certified."""
    return -margins(network, pixel_box(images, epsilon), labels, outward=False)
