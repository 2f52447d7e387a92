"""Connections that never finish a request: each holds a file descriptor, and a process has a limited number of them."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

SECONDS_TO_ASK = 10.0  # for a request's first line and headers


async def close_silent(connections: Callable[[], Collection[Any]]) -> None:
    """As long as this runs, close those of uvicorn's `connections` that have begun no request for SECONDS_TO_ASK to
    twice as long. Idle ones between two requests uvicorn closes itself."""
    silent: set[Any] = set()
    while True:
        await asyncio.sleep(SECONDS_TO_ASK)
        now = {connection for connection in connections() if _is_silent(connection)}
        for connection in now & silent:
            connection.transport.abort()
        silent = now


def _is_silent(connection: Any) -> bool:
    """Whether no request is being handled and uvicorn has set no time for the next one."""
    cycle = connection.cycle
    return cycle is None or (cycle.response_complete and connection.timeout_keep_alive_task is None)
