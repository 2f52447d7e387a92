import torch

from advdemo.ui.programs.attacks.fgsm import attack
from advdemo.ui.programs.images.mnist_one import image
from advdemo.ui.programs.networks.lenet import lenet
from advdemo.ui.programs.runs.epsilon import epsilon

network = lenet
y = torch.tensor([3])
targeted = False  # {targeted}
adversarial = attack(network, image, y, epsilon, targeted) if epsilon else image
for x in (image, adversarial):
    shares = network(x).softmax(1)[0]
    print(int(shares.argmax()), f"{float(shares.max()):.4f}")
