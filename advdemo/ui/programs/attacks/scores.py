from advdemo.attacks import Square


# {called}
def attack(network, x, y, epsilon, targeted=False):
    *_, last = Square().stream(network, x[0], int(y), epsilon, targeted=targeted)
    print(last.queries, last.fooled)  # {queries}
    return last.image[None]
