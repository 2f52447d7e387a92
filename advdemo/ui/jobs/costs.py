"""How long attacks and proofs take, measured."""

import time
from collections.abc import Iterator

from advdemo.attacks import find_attack
from advdemo.cores import CORES
from advdemo.measures.bounds import METHODS, certified_stream
from advdemo.measures.sweep import CUDA_BATCH
from advdemo.networks.predict import pick_device
from advdemo.ui.jobs import PROOFS, Network, test_images, unpack


def measure(network: Network, attack: str) -> Iterator[float]:
    """Seconds that the attack takes for one image at one epsilon in a sweep that has the machine to itself."""
    model, (images, labels) = unpack(network), test_images()
    row, settings = find_attack(attack)
    on_cpu = pick_device().type == "cpu"
    count = row.batch_size if on_cpu else CUDA_BATCH
    clock = time.process_time if on_cpu else time.perf_counter  # the machine may be busy now
    batch, truth = images[:count].to(pick_device()), labels[:count].to(pick_device())
    for _ in range(1 if on_cpu else 2):  # the first time, CUDA and its libraries are still being loaded
        started = clock()
        settings.prepare(model, batch, truth).at(0.1).cpu()
    yield (clock() - started) / len(batch) / (CORES if on_cpu else 1)


def measure_proof(network: Network, method: str) -> Iterator[float]:
    """The same for a proof that fails, which takes the longest."""
    model, (images, labels) = unpack(network, PROOFS), test_images()
    count = METHODS[method]
    for _ in range(2):  # the first time, the kernels of a new process are still being made
        started = time.process_time()
        for _ in certified_stream(model, images[:count], labels[:count], [0.1], method=method):
            pass
    yield (time.process_time() - started) / count / CORES
