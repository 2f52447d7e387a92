"""Worker processes for jobs: heavy work never slows a request, cancelling it is ending its process, its memory goes
with it.

A job is a function that can be imported by its name, called with arguments that can be pickled; the messages it yields
come back one by one. `python -m advdemo.ui.work.worker MODULE:FUNCTION` is such a process: it calls that function to
warm up, then jobs arrive pickled on its standard input and messages leave on its standard output. It lets the page go
first when the processor is short, and ends when the page's process does.
"""

import asyncio
import importlib
import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from typing import Any, BinaryIO, cast

import torch

from advdemo.ui.server.errors import RefusalError
from advdemo.ui.server.log import keep_log_brief
from advdemo.ui.work.here import run_here, stays_here
from advdemo.ui.work.mail import BOX

MAIL = "mail"  # in place of a job's name
NICENESS, LONG_NICENESS = 5, 15  # more than the page's own: its threads come first, then short work, then long
IDLE = 2  # workers kept warm for the next jobs
SHORT = 3.0  # seconds that a job may take before the next worker is started beside it, which takes a core as long

Job = Callable[..., Iterator[Any]]


class Workers:
    """Processes for jobs, which call `warm_up` as they start. `start` one before it is needed; to be used from one
    event loop at a time."""

    def __init__(self, warm_up: Callable[[], None]) -> None:
        self._warm_up = warm_up
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()

    def start(self) -> None:
        """See that one is waiting for a job, without waiting for it."""
        for worker in [worker for worker in self._idle if not worker.alive()]:
            self._idle.remove(worker)
            worker.end()
        if not self._idle:
            self._idle.append(_Worker(self._warm_up))

    async def run(
        self, job: Job, *arguments: Any, long: bool = False, steering: "Steering | None" = None
    ) -> AsyncGenerator[Any, None]:
        """What the job yields. Closing this iterator ends the work and its process. A `long` job lets the others go
        first, and its process is ended in any case, for its memory's sake. `steering`, for long jobs, reaches it while
        it runs. RefusalError as the job raises it, or when the process has ended by itself. A job with an argument
        that cannot leave this process is done here."""
        if stays_here(arguments):
            async with aclosing(run_here(job, arguments)) as messages:
                async for message in messages:
                    yield message
            return
        self.start()
        worker = self._idle.pop(0)
        self._busy.add(worker)
        next_one = asyncio.get_running_loop().call_later(0 if long else SHORT, self._start_next)
        if steering is not None:
            steering.worker = worker
        finished = False
        try:
            async for message in worker.run(job, arguments, LONG_NICENESS - NICENESS if long else 0):
                yield message
            finished = True
        except _JobError:
            finished = True
            raise
        finally:
            next_one.cancel()
            self._busy.discard(worker)
            if steering is not None:
                steering.worker = None
            if finished and not long and len(self._idle) < IDLE:
                self._idle.insert(0, worker)
            else:
                worker.end()
                self._start_next()

    def _start_next(self) -> None:
        with suppress(OSError):  # too many files are open: a later job will try again
            self.start()

    def end(self) -> None:
        """End all processes."""
        for worker in [*self._idle, *self._busy]:
            worker.end()
        self._idle.clear()


class Steering:
    """A way to tell a running job something: it finds it in `advdemo.ui.work.mail`."""

    worker: "_Worker | None" = None  # while the job runs

    def tell(self, content: Any) -> bool:
        """Whether there was a job to tell."""
        return self.worker is not None and self.worker.tell(content)


class _JobError(RefusalError):
    """The job itself refused: its process is as good as before."""


class _Worker:
    """One process, seen from the page's."""

    def __init__(self, warm_up: Callable[[], None]) -> None:
        path = os.pathsep.join(filter(None, sys.path))  # it finds what this process finds
        self._process = subprocess.Popen(
            [sys.executable, "-m", "advdemo.ui.work.worker", name_of(warm_up)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Threads that wait for one another asleep, not spinning: on busy cores the others would never get there.
            env={"OMP_WAIT_POLICY": "PASSIVE"} | os.environ | {"PYTHONPATH": path},
            # The terminal's Ctrl-C is for the page. Not a session: Linux may weigh niceness within one alone.
            process_group=0,
        )
        self._to = cast(BinaryIO, self._process.stdin)
        self._from = cast(BinaryIO, self._process.stdout)
        self._talking = threading.Lock()
        self._writing = threading.Lock()

    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Now, whatever it does, without waiting."""
        self._process.kill()
        threading.Thread(target=self._bury, daemon=True).start()

    def _bury(self) -> None:
        self._process.wait()  # or it would be left as a zombie
        with self._talking, suppress(OSError):
            self._from.close()
            self._to.close()

    def tell(self, content: Any) -> bool:
        return self._send((MAIL, content))

    def _send(self, content: tuple[Any, ...]) -> bool:
        """Whether the process was there to take it."""
        with self._writing:
            try:
                pickle.dump(content, self._to)
                self._to.flush()
            except (OSError, ValueError):  # ended, or its pipe closed
                return False
        return True

    async def run(self, job: Job, arguments: tuple[Any, ...], niceness: int) -> AsyncGenerator[Any, None]:
        arrived: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def put(message: tuple[str, Any]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(arrived.put_nowait, message)

        self._talking.acquire()  # before the thread is there: it must not find the pipes closed
        threading.Thread(target=self._talk, args=((name_of(job), arguments, niceness), put), daemon=True).start()
        while True:
            kind, content = await arrived.get()
            if kind == "message":
                yield content
            elif kind == "done":
                return
            elif kind == "refused":
                key, values = content
                raise _JobError(key, **values)
            else:
                raise RefusalError("errors.worker_died") if kind == "died" else RuntimeError(content)

    def _talk(self, job: tuple[str, tuple[Any, ...], int], put: Callable[[tuple[str, Any]], None]) -> None:
        """Send a job and hand on what comes back, until it is done."""
        kind = "message"
        try:
            if not self._send(job):
                raise EOFError
            while kind == "message":
                kind, content = pickle.load(self._from)
                put((kind, content))
        except (OSError, EOFError, pickle.UnpicklingError):
            put(("died", None))
        finally:
            self._talking.release()


def name_of(function: Callable[..., Any]) -> str:
    """How another process finds a function: "module:name"."""
    return f"{function.__module__}:{function.__qualname__}"


def find(name: str) -> Callable[..., Any]:
    """The function of that name."""
    module, _, function = name.partition(":")
    return cast(Callable[..., Any], getattr(importlib.import_module(module), function))


def main(warm_up: str) -> None:
    """Serve jobs from standard input until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_log_brief()
    _be_nice(NICENESS)
    torch.set_flush_denormal(True)  # of every thread that this one begins, too
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not end up among the messages
    jobs: queue.Queue[tuple[str, tuple[Any, ...], int]] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    find(warm_up)()
    while True:
        _work(*jobs.get(), out)


def _listen(source: BinaryIO, jobs: queue.Queue[Any]) -> None:
    """Read jobs; end the process, whatever it does, when there will be no more: nobody wants its results."""
    try:
        while True:
            message = pickle.load(source)
            if message[0] == MAIL:
                BOX.put(message[1])
            else:
                jobs.put(message)
    except (EOFError, OSError, pickle.UnpicklingError):
        os._exit(0)


def _be_nice(more: int) -> None:
    with suppress(AttributeError):  # Windows has no such thing
        os.nice(more)


def _work(name: str, arguments: tuple[Any, ...], niceness: int, out: BinaryIO) -> None:
    _be_nice(niceness)

    def send(kind: str, content: Any = None) -> None:
        pickle.dump((kind, content), out)
        out.flush()

    try:
        for message in find(name)(*arguments):
            send("message", message)
        send("done")
    except RefusalError as error:
        send("refused", (error.key, error.values))
    except Exception as error:
        logging.getLogger(__name__).exception("%s failed", name)
        send("failed", f"{name}: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
