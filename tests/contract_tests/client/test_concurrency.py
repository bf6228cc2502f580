"""Does the process end although work beside its main thread is stuck?"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from threading import Thread, current_thread

import pytest

from contract_tests.client.concurrency import Workers, at_once, beside

STUCK = """
import threading
from contract_tests.client.concurrency import Workers, at_once, beside
began = threading.Event()
def stuck():
    began.set()
    threading.Event().wait()
def block():
    with beside(stuck):
        pass
Workers(1).submit({work})
assert began.wait(20)
"""


@pytest.mark.parametrize("work", ["stuck", "lambda: at_once([stuck])", "block"])
def test_a_process_ends_although_work_is_stuck(work: str) -> None:
    assert subprocess.run([sys.executable, "-c", STUCK.format(work=work)], timeout=60).returncode == 0


def test_all_work_is_done_before_its_first_error_is_raised() -> None:
    done: list[int] = []

    def fails() -> None:
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        at_once([fails, lambda: done.append(1), lambda: done.append(2)], 1)
    assert done == [1, 2]


def test_the_results_have_the_order_of_the_work() -> None:
    assert at_once([lambda number=number: number for number in range(20)]) == list(range(20))


def test_a_block_ends_once_its_work_has_ended() -> None:
    with beside(lambda: "result") as job:
        pass
    assert job.done()
    assert job.result() == "result"


def test_closed_workers_begin_nothing() -> None:
    workers, gate = Workers(1), threading.Event()
    workers.submit(gate.wait)
    waiting = workers.submit(lambda: None)
    workers.close()
    gate.set()
    with pytest.raises(CancelledError):
        waiting.result(20)


def test_closed_workers_accept_nothing() -> None:
    workers = Workers(1)
    workers.close()
    with pytest.raises(CancelledError):
        workers.submit(lambda: None).result(20)


def test_no_thread_is_left_if_the_work_cannot_be_listed() -> None:
    def work() -> Iterator[Callable[[], Thread]]:
        yield current_thread
        raise ValueError("no more")

    before = set(threading.enumerate())
    with pytest.raises(ValueError, match="no more"):
        at_once(work())
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
        assert not thread.is_alive()
