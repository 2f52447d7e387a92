"""What a worker does before its first job comes."""

from advdemo.measures.sweep import sweep_stream
from advdemo.networks.fast import FastLeNet
from advdemo.networks.predict import freeze
from advdemo.ui.jobs import (
    costs,  # noqa: F401 (each import takes time, once)
    game,  # noqa: F401
    sweep,  # noqa: F401
    test_images,
    training,  # noqa: F401
)


def warm_up() -> None:
    """Do what costs time once: the imports of all jobs, the test images, torch's first steps. But for those on CUDA:
    they take half a gigabyte, and many workers have no job that needs them."""
    images, labels = test_images()
    for _ in sweep_stream(freeze(FastLeNet()), images[:500], labels[:500], [0.1]):
        pass
