"""Heavy work on a guest's network, in a thread of the page's own process: a class from a notebook or a program cannot
be found by another one. The networks themselves end it when nobody waits any more."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import Any

from advdemo.networks.guest import Guest, Stopped


def has_guest(arguments: Any) -> bool:
    """Whether a guest is among the arguments of a job."""
    if isinstance(arguments, (list, tuple)):
        return any(map(has_guest, arguments))
    return isinstance(arguments, Guest)


async def run_here(job: Callable[..., Iterator[Any]], arguments: tuple) -> AsyncGenerator[Any, None]:
    """What the job yields, or raises. Closing this iterator ends the work at its next question to a guest."""
    arrived: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    loop, ended = asyncio.get_running_loop(), threading.Event()

    def put(kind: str, content: Any = None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(arrived.put_nowait, (kind, content))

    def work() -> None:
        try:
            for message in job(*_until(arguments, ended)):
                put("message", message)
            put("done")
        except Stopped:
            pass
        except Exception as error:
            put("failed", error)

    threading.Thread(target=work, daemon=True, name="guest").start()
    try:
        while (message := await arrived.get())[0] == "message":
            yield message[1]
        if message[0] == "failed":
            raise message[1]
    finally:
        ended.set()


def _until(arguments: Any, ended: threading.Event) -> Any:
    if isinstance(arguments, (list, tuple)):
        return [_until(argument, ended) for argument in arguments]
    return arguments.until(ended) if isinstance(arguments, Guest) else arguments
