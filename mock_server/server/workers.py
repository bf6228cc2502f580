"""How do several processes serve one port?

Each worker process runs the whole application. All workers share one store. The kernel distributes the
connections: on Linux each worker has its own socket, elsewhere all workers accept from one socket.

No worker outlives the parent process, however that ends: see `parent`.
"""

import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from mock_server.sandboxes.registry import Sandboxes
from mock_server.server.parent import Parent
from mock_server.server.server import serve
from mock_server.settings import Settings

Factory = Callable[[Settings], tuple[ASGIApp, Sandboxes]]
"""Builds the application of one worker, and the sandboxes behind it."""
GRACE = 3.0
"""Seconds that the workers have to stop before they are killed."""
STOPS = {
    getattr(signal, name): code
    for name, code in {"SIGTERM": 0, "SIGINT": 130, "SIGHUP": 129, "SIGQUIT": 131}.items()
    if hasattr(signal, name)
}
"""The signals that stop the server, and its exit codes."""


def serve_together(settings: Settings, make: Factory, listening: list[socket.socket]) -> int:
    """Serve with one worker for each socket until a signal stops them; returns the exit code."""
    with (
        _stop_signals() as signals,
        tempfile.TemporaryDirectory(prefix="tune-mock-", ignore_cleanup_errors=True) as directory,
    ):
        shared = replace(settings, store=settings.store or Path(directory) / "store")
        parent = Parent()
        # Fork, so that the workers inherit the sockets and the state of the clock.
        processes = [
            multiprocessing.get_context("fork").Process(target=_work, args=(shared, make, one, parent))
            for one in listening
        ]
        started: list[BaseProcess] = []
        try:
            for process in processes:
                # A new worker has the parent's handlers at first, which would swallow a signal.
                _hold_back(signal.SIG_BLOCK)
                process.start()
                started.append(process)
                _hold_back(signal.SIG_UNBLOCK)
            # Only the workers listen now, so that the port is free when they have ended.
            for one in listening:
                one.close()
            return _watch(started, signals)
        finally:
            _end(started)


@contextmanager
def _stop_signals() -> Iterator[int]:
    """Turn the signals that stop the server into bytes of a pipe, and yield its end that can be read.

    A handler that raised an exception could do so anywhere: while a worker is forked, or while workers end.
    """
    readable, writable = os.pipe()
    os.set_blocking(writable, False)

    def note(number: int, _: Any) -> None:
        os.write(writable, bytes([number]))

    before = {number: signal.signal(number, note) for number in STOPS}
    try:
        yield readable
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(readable)
        os.close(writable)


def _hold_back(how: int) -> None:
    """Hold back the stop signals (`SIG_BLOCK`), or let those through that have come (`SIG_UNBLOCK`)."""
    signal.pthread_sigmask(how, STOPS)


def _work(settings: Settings, make: Factory, listening: socket.socket, parent: Parent) -> None:
    """Serve in a worker process."""
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    _hold_back(signal.SIG_UNBLOCK)
    parent.end_with_it()
    code = serve(*make(settings), listening)
    sys.stdout.flush()
    os._exit(code)


def _watch(processes: Sequence[BaseProcess], signals: int) -> int:
    """Wait for a signal, or for a worker that ends by itself; returns the exit code."""
    ready = wait([signals, *(process.sentinel for process in processes)])
    if signals in ready:
        return STOPS[signal.Signals(os.read(signals, 1)[0])]
    sys.stderr.write("tune-mock: a worker ended unexpectedly; stopping the others\n")
    return 1


def _end(processes: Sequence[BaseProcess]) -> None:
    """End the processes: politely at first."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes:
        process.join(max(deadline - time.monotonic(), 0))
    for process in processes:
        process.kill()
        process.join()
