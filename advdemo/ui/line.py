"""A line to wait in: one visitor's heavy work runs at a time, the others see how many are before them."""

import time
from collections.abc import Iterator
from threading import Lock

SECONDS_BETWEEN_LOOKS = 0.3
VISITORS_WAITING = 20  # in one line; those after them wait in Gradio's queue, without seeing their place


class Line:
    """One for each kind of work. Who leaves the page leaves the line: Gradio then closes the generator."""

    def __init__(self) -> None:
        self._tickets: list[object] = []
        self._lock = Lock()

    def take_turns(self, work: Iterator[dict]) -> Iterator[dict]:
        """{"ahead": how many are to come first} while there are any, then what `work` yields."""
        ticket = object()
        with self._lock:
            self._tickets.append(ticket)
        try:
            while ahead := self._ahead(ticket):
                yield {"ahead": ahead}
                time.sleep(SECONDS_BETWEEN_LOOKS)
            yield from work
        finally:
            with self._lock:
                self._tickets.remove(ticket)

    def _ahead(self, ticket: object) -> int:
        with self._lock:
            return self._tickets.index(ticket)
