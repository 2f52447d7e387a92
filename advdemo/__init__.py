"""Adversarial examples on MNIST: LeNet, FGSM, the whole epsilon range at once.

from advdemo.images.mnist import load_mnist
from advdemo.networks.fast import load_checkpoint
from advdemo.measures.sweep import sweep

model, record = load_checkpoint("checkpoints/lenet.safetensors")
print(sweep(model, *load_mnist("test")).accuracies)
"""
