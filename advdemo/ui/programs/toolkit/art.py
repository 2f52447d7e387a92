from art.estimators.classification import PyTorchClassifier
from torch import nn

from advdemo.ui.programs.toolkit.module import Module


# {classifier}
def classifier(network):
    return PyTorchClassifier(
        Module(network),
        loss=nn.CrossEntropyLoss(),
        input_shape=(1, 28, 28),
        nb_classes=10,
        clip_values=(0, 1),
        device_type="cpu",
    )
