"""What the page tells a job while it runs, in the job's own process."""

import queue
from typing import Any

BOX: queue.SimpleQueue[Any] = queue.SimpleQueue()


def wait(seconds: float) -> Any:
    """The next message, or None when none has come within so many seconds; 0 does not wait."""
    try:
        return BOX.get(timeout=seconds) if seconds > 0 else BOX.get_nowait()
    except queue.Empty:
        return None
