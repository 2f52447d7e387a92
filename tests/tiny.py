"""Networks small enough for the exact answer: the smallest margin in a box, as a mixed-integer linear programme."""

import numpy as np
import torch
from scipy.optimize import Bounds, LinearConstraint, milp
from torch import Tensor, nn

from advdemo.networks.intervals import affine_layers, pixel_box
from advdemo.networks.lenet import LeNet
from advdemo.networks.predict import freeze

SIZE = 6  # pixels a side


class Tiny(LeNet):
    """LeNet's layers for 6x6 pixels and three classes, its margins some units wide."""

    def __init__(self, seed: int, *, hidden: int = 4) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=2), nn.ReLU(), nn.MaxPool2d(2),  # (2, 4, 4)
            nn.Conv2d(2, 2, 3, padding=0), nn.ReLU(), nn.MaxPool2d(2),  # (2, 1, 1)
        )  # fmt: skip
        self.fc = nn.Sequential(nn.Linear(2, hidden), nn.ReLU(), nn.Linear(hidden, 3))
        generator = torch.Generator().manual_seed(seed)
        for layer in affine_layers(self):
            nn.init.normal_(layer.weight, std=1.5 / layer.weight[0].numel() ** 0.5, generator=generator)
            nn.init.normal_(layer.bias, std=0.3, generator=generator)
        freeze(self)


def tiny_image(seed: int) -> Tensor:
    return torch.rand(1, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def exact_margins(network: LeNet, image: Tensor, epsilon: float, label: int) -> list[float]:
    """The smallest logit[label] - logit[k] within `epsilon` of `image`, for every k, by HiGHS."""
    centre, radius = (part.flatten().double().numpy() for part in pixel_box(image[None], epsilon))
    low, high, whole, rows = list(centre - radius), list(centre + radius), [0] * len(centre), []
    shape, inputs = image.shape, list(range(len(centre)))

    def new(count: int, lower: float, upper: float, integer: int = 0) -> list[int]:
        low.extend([lower] * count)
        high.extend([upper] * count)
        whole.extend([integer] * count)
        return list(range(len(low) - count, len(low)))

    def require(terms: dict[int, float], lower: float, upper: float) -> None:
        rows.append((terms, lower, upper))

    for layer in affine_layers(network):
        unit = torch.eye(len(inputs)).view(-1, *shape) if isinstance(layer, nn.Conv2d) else torch.eye(len(inputs))
        bias = layer(torch.zeros_like(unit[:1]))
        offset = bias.flatten().double().numpy()
        matrix = (layer(unit) - bias).flatten(1).double().numpy()  # (inputs, outputs)
        ends = [np.array(end)[inputs] for end in (low, high)]
        positive, negative = matrix.clip(min=0), matrix.clip(max=0)
        bottom, top = (a @ positive + b @ negative + offset for a, b in (ends, ends[::-1]))
        outputs = [new(1, *end)[0] for end in zip(bottom, top, strict=True)]
        for j, out in enumerate(outputs):
            terms = {i: float(v) for i, v in zip(inputs, matrix[:, j], strict=True) if v} | {out: -1.0}
            require(terms, -offset[j], -offset[j])
        if layer is network.fc[-1]:
            break
        grid = np.array(outputs).reshape(bias.shape[1:])
        windows = [[out] for out in outputs]
        if grid.ndim == 3:
            channels, height, width = grid.shape
            windows = grid.reshape(channels, height // 2, 2, width // 2, 2).swapaxes(2, 3).reshape(-1, 4).tolist()
            shape = channels, height // 2, width // 2
        inputs = []
        for window in windows:  # y = max(0, window): one switch says which of them it is
            most = max(0.0, *(high[x] for x in window))
            (y,), switches = new(1, 0.0, most), new(len(window) + 1, 0, 1, integer=1)
            require(dict.fromkeys(switches, 1.0), 1, 1)
            require({y: 1.0, switches[-1]: most}, -np.inf, most)  # the last: y is 0
            for x, switch in zip(window, switches, strict=False):
                require({y: 1.0, x: -1.0}, 0, np.inf)
                require({y: 1.0, x: -1.0, switch: most - low[x]}, -np.inf, most - low[x])
            inputs.append(y)
    matrix = np.zeros((len(rows), len(low)))
    for row, (terms, _, _) in enumerate(rows):
        matrix[row, list(terms)] = list(terms.values())
    constraints = LinearConstraint(matrix, [row[1] for row in rows], [row[2] for row in rows])
    found = []
    for k in range(len(outputs)):
        cost = np.zeros(len(low))
        cost[outputs[label]] += 1
        cost[outputs[k]] -= 1
        result = milp(cost, constraints=constraints, bounds=Bounds(low, high), integrality=whole)
        assert result.success, result.message
        found.append(result.fun)
    return found
