"""How do several processes serve one port?

Each worker process runs the whole application. All workers share one store. The kernel distributes the
connections: on Linux each worker has its own socket, elsewhere all workers accept from one socket.
"""

import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from mock_server.sandboxes.registry import Sandboxes
from mock_server.server.server import serve
from mock_server.settings import Settings

Factory = Callable[[Settings], tuple[ASGIApp, Sandboxes]]
"""Builds the application of one worker, and the sandboxes behind it."""
GRACE = 5.0
"""Seconds that a worker has to stop before it is killed."""


def serve_together(settings: Settings, make: Factory, listening: list[socket.socket]) -> int:
    """Serve with one worker for each socket until a signal stops them; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="tune-mock-", ignore_cleanup_errors=True) as directory:
        shared = replace(settings, store=settings.store or Path(directory) / "store")
        # Fork, so that the workers inherit the sockets and the state of the clock.
        processes = [
            multiprocessing.get_context("fork").Process(target=_work, args=(shared, make, one))
            for one in listening
        ]
        signal.signal(signal.SIGTERM, _stop)
        for process in processes:
            process.start()
        return _watch(processes)


def _work(settings: Settings, make: Factory, listening: socket.socket) -> None:
    """Serve in a worker process."""
    code = serve(*make(settings), listening)
    sys.stdout.flush()
    os._exit(code)


def _watch(processes: Sequence[BaseProcess]) -> int:
    """Wait for a signal, or for a worker that ends by itself; then stop all workers."""
    code = 0
    try:
        wait([process.sentinel for process in processes])
        code = 1
        sys.stderr.write("tune-mock: a worker ended unexpectedly; stopping the others\n")
    except KeyboardInterrupt:
        code = 130
    except SystemExit:
        pass
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(GRACE)
        process.kill()
    return code


def _stop(*_: Any) -> None:
    raise SystemExit
