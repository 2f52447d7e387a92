"""Attacks on any classifier of [0, 1] pixels. They know nothing of MNIST or LeNet."""
