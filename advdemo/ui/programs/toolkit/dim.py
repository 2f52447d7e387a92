from torchattacks import DIFGSM

from advdemo.ui.programs.toolkit.module import Module


# {random}
def attack(network, x, y, epsilon, targeted=False):
    method = DIFGSM(Module(network), eps=epsilon, alpha=epsilon / 10, steps=10, decay=1.0)
    if targeted:
        method.set_mode_targeted_by_function(lambda x, y: y)
    return method(x, y)
