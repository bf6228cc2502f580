"""How does a worker process notice that its parent has ended?

On Linux the kernel kills the worker then. Everywhere a thread waits for the end of a pipe that only the
parent can write to. So a worker ends even if the parent was killed and could do nothing.
"""

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


class Parent:
    """The process that creates this object, and forks workers afterwards."""

    def __init__(self) -> None:
        self._id = os.getpid()
        self._readable, self._writable = os.pipe()

    def end_with_it(self, *, by_kernel: bool = True) -> None:
        """In a worker: end at once when the parent ends, or if it has ended already."""
        os.close(self._writable)
        if by_kernel and sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have ended between the fork and the call of the kernel.
        if os.getppid() != self._id:
            os._exit(1)
        threading.Thread(target=self._wait, name="tune-mock parent", daemon=True).start()

    def _wait(self) -> None:
        os.read(self._readable, 1)
        os._exit(1)
