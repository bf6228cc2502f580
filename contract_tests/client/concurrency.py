"""Who works beside the thread that waits, without keeping the process from ending?"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
Work = tuple["Future[Any]", Callable[[], Any]]
# Many small requests are sent side by side, so that a slow service does not make a check long.
_AT_ONCE = 8


class Workers:
    """A number of daemon threads that do jobs in the order in which these are submitted.

    The pools of the standard library wait for their threads when the process ends. A job may be stuck in a
    slow response for longer than the session may last.
    """

    def __init__(self, number: int) -> None:
        self._number, self._threads = number, 0
        self._waiting: SimpleQueue[Work | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, job: Callable[[], Any]) -> "Future[Any]":
        """Do a job. Returns its future result, which is cancelled if the workers are closed."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                future.cancel()
                return future
            self._waiting.put((future, job))
            if self._threads < self._number:
                self._threads += 1
                threading.Thread(target=self._work, name="tune-check", daemon=True).start()
        return future

    def close(self) -> None:
        """Begin no more jobs. Those that wait are cancelled, and the threads end."""
        with self._lock:
            self._closed = True
            for _ in range(self._number):
                self._waiting.put(None)

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            future, job = work
            if self._closed:
                future.cancel()
            elif future.set_running_or_notify_cancel():
                _do(future, job)
            # A thread that waits for work keeps nothing of the last job.
            del work, future, job


def _do(future: "Future[Any]", job: Callable[[], Any]) -> None:
    try:
        future.set_result(job())
    except BaseException as error:
        future.set_exception(error)


def at_once(work: Iterable[Callable[[], Result]], threads: int = _AT_ONCE) -> list[Result]:
    """Do each piece of work, some at a time. Returns their results in order; the first error is raised."""
    workers = Workers(threads)
    try:
        jobs = [workers.submit(one) for one in work]
        wait(jobs)
    finally:
        workers.close()
    return [job.result() for job in jobs]


@contextmanager
def beside(work: Callable[[], Any]) -> Iterator["Future[Any]"]:
    """Do one piece of work during the block, which ends once the work has ended."""
    workers = Workers(1)
    job = workers.submit(work)
    try:
        yield job
    finally:
        wait([job])
        workers.close()
