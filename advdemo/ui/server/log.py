"""The log: a short line for each fault, at most once a minute, with nothing in it that a visitor sent."""

import logging
import re
import time
import traceback
from pathlib import Path

from advdemo.ui.server.cache import Recent

MINUTE = 60.0  # seconds in which a line is not repeated
LONGEST = 200  # characters of a message
FRAMES = 3  # of a traceback: where it failed, and who called
OURS = "advdemo"
VALUE = re.compile(r"[:'\"{\n].*", re.DOTALL)  # what a message quotes, and all after it


def keep_log_brief() -> None:
    """Have all loggers write such lines to standard error, unless the program around the page set up logging itself.
    To be called when the server starts: uvicorn then has its handlers."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(Brief())
        logging.getLogger("uvicorn").handlers.clear()
        logging.getLogger("uvicorn").propagate = True


class Brief(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes such lines. Of other packages' messages it keeps the fixed words, of an exception its type and its place:
    the rest may repeat a request."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet: Recent[str, float] = Recent(1000)  # line -> until when

    def filter(self, record: logging.LogRecord) -> bool:
        line, now = self.format(record), time.monotonic()
        if now < (self._quiet.get(line) or 0.0):
            return False
        self._quiet.put(line, now + MINUTE)
        return bool(super().filter(record))

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.split(".")[0] == OURS
        message = record.getMessage().partition("\n")[0] if ours else _words(record)
        error = record.exc_info[1] if record.exc_info else None
        return f"{record.levelname} {record.name}: {message[:LONGEST]}" + (f" ({_place(error)})" if error else "")


def _words(record: logging.LogRecord) -> str:
    """What a message says always: before its values are put in, or, where they are in already, up to the first."""
    return str(record.msg) if record.args else VALUE.sub("", str(record.msg))


def _place(error: BaseException) -> str:
    frames = reversed(traceback.extract_tb(error.__traceback__)[-FRAMES:])
    places = (f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames)
    return " < ".join([type(error).__name__, *places])
