"""Jobs that only the page's own process can do, in a thread of it: a class from a notebook or a program cannot be found
by another one. Such arguments can be told to end the work, when nobody waits for it any more."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol, Self, runtime_checkable

import torch


@runtime_checkable
class Local(Protocol):
    """An argument that cannot leave this process."""

    def until(self, ended: threading.Event) -> Self:
        """The same, which raises once `ended` is set."""
        ...


def stays_here(arguments: Any) -> bool:
    """Whether there is such an argument among those of a job."""
    if isinstance(arguments, (list, tuple)):
        return any(map(stays_here, arguments))
    return isinstance(arguments, Local)


async def run_here(job: Callable[..., Iterator[Any]], arguments: tuple[Any, ...]) -> AsyncGenerator[Any, None]:
    """What the job yields, or raises. Closing this iterator ends the work as soon as it uses a local argument."""
    arrived: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    loop, ended = asyncio.get_running_loop(), threading.Event()

    def put(kind: str, content: Any = None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(arrived.put_nowait, (kind, content))

    def work() -> None:
        torch.set_flush_denormal(True)  # in this thread and those that it begins, not in the caller's
        try:
            for message in job(*_until(arguments, ended)):
                put("message", message)
            put("done")
        except Exception as error:
            put("failed", error)

    threading.Thread(target=work, daemon=True, name="local job").start()
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
    return arguments.until(ended) if isinstance(arguments, Local) else arguments
