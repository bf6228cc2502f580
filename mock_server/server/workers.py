"""How do several processes serve one port?

Each process has the whole application; they share a store. The kernel distributes the connections: on Linux
among one socket for each process, elsewhere from one socket that all processes share.
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
"""Makes the application of one process, and its sandboxes."""
GRACE = 5.0
"""Seconds that a worker has to stop before it is killed."""


def serve_together(settings: Settings, make: Factory, listening: list[socket.socket]) -> int:
    """Serve with one process for each socket until asked to stop, and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="tune-mock-", ignore_cleanup_errors=True) as directory:
        shared = replace(settings, store=settings.store or Path(directory) / "store")
        # Forked, so that all processes have the same clock and inherit the sockets.
        processes = [
            multiprocessing.get_context("fork").Process(target=_serve_one, args=(shared, make, one))
            for one in listening
        ]
        signal.signal(signal.SIGTERM, _stop)
        for process in processes:
            process.start()
        return _watch(processes)


def _serve_one(settings: Settings, make: Factory, listening: socket.socket) -> None:
    """Serve in a worker process, and exit it."""
    code = serve(*make(settings), listening)
    sys.stdout.flush()
    os._exit(code)


def _watch(processes: Sequence[BaseProcess]) -> int:
    """Wait until the processes are asked to stop, or one of them ends. Then stop all."""
    code = 0
    try:
        wait([process.sentinel for process in processes])
        code = 1
        sys.stderr.write("tune-mock: a worker process ended unexpectedly; stopping the others\n")
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
