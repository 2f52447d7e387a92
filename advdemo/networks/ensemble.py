"""Several networks as one, to attack them together."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from advdemo.networks.predict import freeze


class Ensemble(nn.Module):
    """The mean of the networks' logits: an adversarial example for all of them is likelier to transfer to one more
    (Dong et al., 2018, section 3.4). ValueError for no network."""

    def __init__(self, networks: Iterable[nn.Module]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        if len(self.networks) == 0:
            raise ValueError("an ensemble needs at least one network, got none")
        freeze(self)

    def forward(self, images: Tensor) -> Tensor:
        return torch.stack([network(images) for network in self.networks]).mean(0)
