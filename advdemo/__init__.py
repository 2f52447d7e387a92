"""Adversarial examples on MNIST: LeNet, FGSM, the whole epsilon range at once.

from advdemo.data import load_mnist
from advdemo.model import load_checkpoint
from advdemo.sweep import sweep

model, record = load_checkpoint("checkpoints/lenet.safetensors")
print(sweep(model, *load_mnist("test")).accuracies)
"""
