"""Whose turn is it, of several processes?

One at a time, by a lock of the system on a file, which a process that dies gives back. Who waits looks again
and again while it lets others run: to be put to sleep and woken takes several times longer than what they do.
"""

import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_GLANCES = 20
"""So often a process looks before it lets itself be put to sleep, as may be whoever has the turn."""


class ProcessLock:
    """A process's part in taking turns; `with turn:` takes one. Several processes need a system like Unix."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)

    def __enter__(self) -> None:
        """Wait for the turn."""
        if sys.platform != "win32":
            for _ in range(_GLANCES):
                try:
                    fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.sched_yield()
                else:
                    return
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        """Let the next one."""
        if sys.platform != "win32":
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
