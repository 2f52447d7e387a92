"""Jobs for worker processes, in a module that imports next to nothing: each test of them begins some."""

import os
import time

from advdemo.ui.server.errors import RefusalError


def nothing():
    """In place of `warm_up`, which takes as long as all that a test does."""


def count(numbers):
    """A job: tells its process, then counts."""
    yield os.getpid()
    yield from range(numbers)


def print_and_refuse():
    print("this is not a message")
    yield os.getpid()
    raise RefusalError("errors.training_data")


def fail():
    yield os.getpid()
    raise KeyError("a bug")


def halved():
    """Half of the smallest number that a float32 holds in full, by each kind of thread that computes here."""
    import torch

    from advdemo.cores import each_core

    smallest = torch.full((100_000,), torch.finfo(torch.float32).tiny)  # enough for torch to use all its threads
    torch.set_num_threads(2)
    yield float((smallest / 2 * 2**20).max())
    with each_core(torch.device("cpu")) as pool:
        yield from pool.map(lambda part: float((part / 2 * 2**20).max()), smallest.split(50_000))


def hang():
    yield os.getpid()
    time.sleep(600)


def niceness():
    yield os.nice(0)
    yield os.getpid()
