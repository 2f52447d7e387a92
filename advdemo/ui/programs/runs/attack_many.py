from advdemo.ui.programs.attacks.fgsm import attack
from advdemo.ui.programs.images.mnist_many import images, labels
from advdemo.ui.programs.networks.lenet import lenet

network = lenet
epsilons = [0, 0.1]
size = 500
for epsilon in epsilons:
    correct = 0
    for x, y in zip(images.split(size), labels.split(size), strict=True):
        adversarial = attack(network, x, y, epsilon) if epsilon else x
        correct += int((network(adversarial).argmax(1) == y).sum())
    print(epsilon, f"{correct} / {len(images)}")
