from advdemo.attacks import find_attack

settings = find_attack("square")[1]


# {called}
def attack(network, x, y, epsilon, targeted=False):
    return settings.prepare(network, x, y, targeted=targeted).at(epsilon)
