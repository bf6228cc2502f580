"""How does deep recursion run without an end at some depth? In a thread with a large stack."""

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

STACK = 512 * 2**20
"""The size of the stack in bytes; only what is used takes memory."""

FRAMES = 150_000

Result = TypeVar("Result")


def deep(work: Callable[[], Result]) -> Result:
    """The result of a function that may recurse deeply; its exceptions are raised here."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # raised again in the calling thread
            errors.append(error)

    stack, frames = threading.stack_size(STACK), sys.getrecursionlimit()
    sys.setrecursionlimit(max(frames, FRAMES))
    try:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(stack)
        sys.setrecursionlimit(frames)
    if errors:
        raise errors[0]
    return results[0]
