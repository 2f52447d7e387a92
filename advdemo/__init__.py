"""Adversarial examples on MNIST: LeNet, FGSM, the whole epsilon range at once.

from advdemo.images.mnist import load_mnist
from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import load_checkpoint

network, record = load_checkpoint("checkpoints/lenet.safetensors")
print(sweep(network, *load_mnist("test")).accuracies)
"""

# Of MNIST, for every folder below this one.
IMAGE_SHAPE = (1, 28, 28)
CLASSES = 10
MEAN, STD = 0.1307, 0.3081  # of the training pixels, in [0, 1]
