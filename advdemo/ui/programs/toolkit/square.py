from torchattacks import Square

from advdemo.ui.programs.toolkit.module import Module


# {random}
def attack(network, x, y, epsilon, targeted=False):
    method = Square(Module(network), eps=epsilon, n_queries=1000)
    if targeted:
        method.set_mode_targeted_by_function(lambda x, y: y)
    return method(x, y)
