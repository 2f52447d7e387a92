"""Memory that is free goes back to the system."""

import subprocess
import sys

import pytest

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
