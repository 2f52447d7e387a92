"""A core for each thread: threads that share an operation wait for one another, on a busy machine long."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock

import torch

CORES = torch.get_num_threads()  # before anyone asks torch for fewer
_ONE_AT_A_TIME = Lock()


def compute_alone() -> None:
    """Let the operations of this thread, and of no other, run on one core.

    `torch.set_num_threads` also decides for all threads of the process that have not computed yet, so another thread
    puts back at once what it found for them.
    """
    torch.get_num_threads()  # or this thread's first operation would take the others' number
    with _ONE_AT_A_TIME, ThreadPoolExecutor(1) as other:
        found = other.submit(torch.get_num_threads).result()
        torch.set_num_threads(1)
        other.submit(torch.set_num_threads, found).result()


@contextmanager
def each_core(device: torch.device) -> Iterator[ThreadPoolExecutor]:
    """A pool in which each core computes batches of its own; on CUDA one thread asks for them."""
    pool = ThreadPoolExecutor(CORES if device.type == "cpu" else 1, initializer=compute_alone)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
