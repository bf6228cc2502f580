"""How are many small requests sent at once, so that a slow service does not make a check long?"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
_AT_ONCE = 8


def at_once(work: Iterable[Callable[[], Result]], threads: int = _AT_ONCE) -> list[Result]:
    """Do each piece of work, some at a time. Returns their results in order; the first error is raised."""
    with ThreadPoolExecutor(threads) as pool:
        return [job.result() for job in [pool.submit(one) for one in work]]
