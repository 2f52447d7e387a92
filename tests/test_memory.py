"""Memory that is free goes back to the system, and oneDNN does not keep code for ever."""

import os
import subprocess
import sys

import pytest
import torch

PROGRAM = """
import asyncio
from pathlib import Path
from advdemo.ui.server import memory

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

blocks = [bytes(3000) for _ in range(50_000)]
del blocks[:-1]  # the last of them is in the way of what lies below it
before = held()

async def main():
    memory.SECONDS = 0.1
    giving = asyncio.create_task(memory.give_back())
    await asyncio.sleep(1)
    giving.cancel()

asyncio.run(main())
print(before - held())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_what_is_free_goes_back_to_the_system():
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert float(told.stdout) > 100  # megabytes, of 150


SHAPES = """
import torch
import advdemo.ui.server.memory

for count in [*range(1, 150), *range(1, 150)]:
    torch.nn.functional.conv2d(torch.zeros(count, 1, 28, 28), torch.zeros(6, 1, 5, 5))
"""


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="without oneDNN")
def test_code_for_shapes_of_long_ago_is_not_kept():
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ONEDNN")}
    told = subprocess.run(
        [sys.executable, "-c", SHAPES],
        env={**environment, "ONEDNN_VERBOSE": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    made = [line for line in told.stdout.splitlines() if "create:cache_miss" in line and "convolution" in line]
    assert len(made) == 2 * 149
