"""How do several processes agree which of them may write?

By a lock of the operating system on a file; a process that dies releases it. A process that waits tries
again a few times before it sleeps: the lock is held for microseconds, and to sleep and wake takes longer.
"""

import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_TRIES = 20
"""Attempts to take the lock, each after other processes could run, before the process sleeps."""


class ProcessLock:
    """A lock that one process holds at a time: `with lock:`. On Windows it does nothing."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)

    def __enter__(self) -> None:
        """Wait for the lock, and take it."""
        if sys.platform != "win32":
            for _ in range(_TRIES):
                try:
                    fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.sched_yield()
                else:
                    return
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        """Release the lock."""
        if sys.platform != "win32":
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file of the lock."""
        os.close(self._file)
