"""Certified training: a network learns from the worst that interval bounds allow, not from what an attack found (Gowal
et al., 2018).

Where adversarial training teaches the network to resist, this teaches it to be provable: the loss is an upper bound of
the loss of every image in the box. From random weights most channels of a LeNet die while epsilon grows, and the rest
are too few; an adversarially trained network's survive. Beside the worst the images as they are keep their share of the
loss.
"""

from torch import Tensor, nn

from advdemo.networks.intervals import margins, pixel_box

GROWTH = 1.2  # epsilon grows with this power of time, slowly at first
LARGEST_GRADIENT = 8.0  # its norm, to which longer ones are cut


def worst_logits(network: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """What cross-entropy takes in place of logits (N, 10): 0 for the label, for the other classes upper bounds of their
    lead over it within `epsilon`. The label is the largest only where the image is certified."""
    return -margins(network, pixel_box(images, epsilon), labels, outward=False)
