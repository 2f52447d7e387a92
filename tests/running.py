"""Starts the app, as it would for a user, and waits until it serves."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent


@contextmanager
def running_app(**environment: str) -> Iterator[tuple[int, subprocess.Popen]]:
    """`python app.py`, running as it would for a user: (port, process)."""
    with started_app(**environment) as (port, app):
        wait_until_served(port, app)
        yield port, app


@contextmanager
def showing_app(*places: str) -> Iterator[int]:
    """The port of `python -m advdemo show`, running."""
    with started_app("-m", "advdemo", "show", *places) as (port, app):
        wait_until_served(port, app)
        yield port


@contextmanager
def started_app(
    *command: str, log: IO[str] | None = None, **environment: str
) -> Iterator[tuple[int, subprocess.Popen]]:
    """`python app.py`, or another command of Python's, which need not serve yet; it writes to `log`."""
    port = free_port()
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"} | environment
    command = [sys.executable, *(command or ["app.py"])]
    app = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield port, app
    finally:
        app.terminate()
        app.wait(timeout=20)


def wait_until_served(port: int, app: subprocess.Popen, seconds: float = 240) -> None:
    """Wait until an app that was started answers: on a busy machine minutes, on a quiet one some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert app.poll() is None, "app.py ended before it served"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=5).close()
            return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"app.py does not serve after {seconds:.0f} seconds")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
