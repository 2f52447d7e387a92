import torch
from torch.nn import functional as F

from advdemo.ui.programs.networks.weights import w
from advdemo.ui.programs.proofs.box import box


# {proved}
def proved(x, y, epsilon):
    low, high = box(x, epsilon)
    centre, radius = ((low + high) / 2 - 0.1307) / 0.3081, (high - low) / 2 / 0.3081
    for name, padding in (("conv.0", 2), ("conv.3", 0)):  # {affine}
        weight, bias = w[f"{name}.weight"], w[f"{name}.bias"]
        centre = F.conv2d(centre, weight, bias, padding=padding)
        radius = F.conv2d(radius, weight.abs(), padding=padding)
        low, high = (F.max_pool2d(end.relu(), 2) for end in (centre - radius, centre + radius))
        centre, radius = (low + high) / 2, (high - low) / 2
    centre, radius = centre.flatten(1), radius.flatten(1)
    for name in ("fc.0", "fc.2"):
        centre = F.linear(centre, w[f"{name}.weight"], w[f"{name}.bias"])
        radius = F.linear(radius, w[f"{name}.weight"].abs())
        low, high = (centre - radius).relu(), (centre + radius).relu()
        centre, radius = (low + high) / 2, (high - low) / 2
    lead = w["fc.4.weight"][y][:, None] - w["fc.4.weight"]  # {lead}
    worst = lead @ centre[..., None] - lead.abs() @ radius[..., None]
    worst = worst[..., 0] + w["fc.4.bias"][y][:, None] - w["fc.4.bias"]
    return (worst.scatter(1, y[:, None], torch.inf) > 0).all(1)
