from torch.nn import functional as F

from advdemo.ui.programs.networks.weights import w


# {lenet}
def lenet(x):
    x = (x - 0.1307) / 0.3081
    x = F.max_pool2d(F.conv2d(x, w["conv.0.weight"], w["conv.0.bias"], padding=2).relu(), 2)
    x = F.max_pool2d(F.conv2d(x, w["conv.3.weight"], w["conv.3.bias"]).relu(), 2).flatten(1)
    x = F.linear(x, w["fc.0.weight"], w["fc.0.bias"]).relu()
    x = F.linear(x, w["fc.2.weight"], w["fc.2.bias"]).relu()
    return F.linear(x, w["fc.4.weight"], w["fc.4.bias"])
