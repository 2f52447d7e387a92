from advdemo.attacks import RayS


# {called}
def attack(network, x, y, epsilon, targeted=False):
    *_, last = RayS().stream(network, x[0], int(y), epsilon, targeted=targeted)
    print(last.queries, last.fooled)  # {queries}
    return last.image[None]
