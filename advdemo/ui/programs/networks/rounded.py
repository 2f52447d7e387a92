from advdemo.ui.programs.networks.lenet import lenet


def rounded(x):
    return lenet(x.round())  # {rounded}
