"""How do several processes serve one port?

Each has the whole application; what was created is in a store that they share. The kernel deals out the
connections: among sockets of their own where it can, from one that all of them hold where it cannot.
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
"""Makes the application of one process, and the sandboxes behind it."""
GRACE = 5.0


def serve_together(settings: Settings, make: Factory, listening: list[socket.socket]) -> int:
    """Serve with a process for each socket until asked to stop; the exit code."""
    with tempfile.TemporaryDirectory(prefix="tune-mock-", ignore_cleanup_errors=True) as directory:
        shared = replace(settings, store=settings.store or Path(directory) / "store")
        # Forked, not started anew: the clock goes on in all of them, and the sockets are theirs.
        processes = [
            multiprocessing.get_context("fork").Process(target=_work, args=(shared, make, one))
            for one in listening
        ]
        signal.signal(signal.SIGTERM, _stop)
        for process in processes:
            process.start()
        return _watch(processes)


def _work(settings: Settings, make: Factory, listening: socket.socket) -> None:
    """What one process does."""
    code = serve(*make(settings), listening)
    sys.stdout.flush()
    os._exit(code)


def _watch(processes: Sequence[BaseProcess]) -> int:
    """Wait until the processes are asked to stop, or one stops by itself: then the others stop too."""
    code = 0
    try:
        wait([process.sentinel for process in processes])
        code = 1
        sys.stderr.write("tune-mock: a worker ended unasked; the others are stopped\n")
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
