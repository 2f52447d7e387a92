from advdemo.ui.programs.networks.lenet import lenet


def straight(x):
    return lenet(x + (x.round() - x).detach())  # {straight}
