"""Hugging Face's ZeroGPU hardware, which lends a GPU to decorated functions and stops a Space that has none of them.

The page has no use for such a loan: a LeNet answers on a CPU within milliseconds. So that is where it runs there, too.
"""

import importlib

from advdemo.networks.predict import on_zerogpu


def declare_gpu_function() -> None:
    """Give the hardware, if this is it, the one function that it looks for when a page is launched; it is never called.
    To be done late: from here on torch says that it has CUDA."""
    if on_zerogpu():
        importlib.import_module("spaces").GPU(_unused)


def _unused() -> None:
    """What the GPU would be lent for."""
