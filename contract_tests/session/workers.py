"""Who does the work beside the main thread, without keeping the process from ending?"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

Work = tuple["Future[Any]", Callable[[], Any]]


class Workers:
    """A number of daemon threads that do jobs in the order in which these are submitted.

    The pools of the standard library wait for their threads when the process ends. A job may be stuck in a
    slow response for longer than the session may last.
    """

    def __init__(self, number: int) -> None:
        self._number, self._threads = number, 0
        self._waiting: SimpleQueue[Work] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, job: Callable[[], Any]) -> "Future[Any]":
        """Do a job. Returns its future result."""
        future: Future[Any] = Future()
        self._waiting.put((future, job))
        with self._lock:
            if self._threads < self._number:
                self._threads += 1
                threading.Thread(target=self._work, name="tune-check", daemon=True).start()
        return future

    def close(self) -> None:
        """Begin no more jobs. Those that wait are cancelled."""
        self._closed = True

    def _work(self) -> None:
        while True:
            future, job = self._waiting.get()
            if self._closed:
                future.cancel()
            elif future.set_running_or_notify_cancel():
                _do(future, job)


def _do(future: "Future[Any]", job: Callable[[], Any]) -> None:
    try:
        future.set_result(job())
    except BaseException as error:
        future.set_exception(error)
