"""Sums in float32 on CUDA as on the CPU, and in the same order every time.

cuDNN may round the inputs of a convolution to TF32, 10 bits of 23: FGSM's signs then differ from the CPU's, and what is
proved of a network need not hold for what runs. Importing this module, as advdemo.networks and advdemo.attacks do,
forbids it for the whole process. `cudnn.deterministic` leaves out the kernels whose sums depend on which thread comes
first: the same seed gives the same weights on the same machine.
"""

import warnings
from typing import Any

import torch


def allow_tf32(allowed: bool) -> None:
    """Whether convolutions and matrix products on CUDA may use TF32: False from the start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some versions deprecate the old switches, and fail where the two disagree
        torch.backends.cudnn.allow_tf32 = allowed
        torch.backends.cuda.matmul.allow_tf32 = allowed
    cudnn: Any = torch.backends.cudnn
    for switch in (cudnn.conv, cudnn.rnn, torch.backends.cuda.matmul):
        switch.fp32_precision = "tf32" if allowed else "ieee"


allow_tf32(False)
torch.backends.cudnn.deterministic = True
