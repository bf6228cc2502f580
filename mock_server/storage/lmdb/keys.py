"""Under which keys of an LMDB file does a mock keep what?

The keys begin with the mock's sandbox; then comes a letter:

    n                               the number of the next thread, and how many runs there are
    t thread id                     the thread's state
    T thread                        a thread's record; in order
    d dataset, thread               a thread of a dataset; in order
    e entry id                      its place
    l place                         a run or a message; a thread's runs and its messages, both in order
    o number                        the places of some runs that were created together; oldest first

Threads stand there by their numbers. A place is a thread, a kind, and a number in the thread. Scenarios,
which runs share, and the ids of changed runs belong to no sandbox.
"""

import hashlib
from struct import Struct
from typing import NamedTuple

RUN, MESSAGE = b"r", b"m"
NUMBER = Struct(">Q")
COUNTS = Struct(">QQ")
PLACE = 17
"""Bytes of a place: a thread's number, the kind, the number in the thread."""
SCENARIOS, CHANGES = b"scenario", b"changes!"
_LONGEST = 200
"""Bytes of an id that stands in a key as it is; LMDB takes keys of 511."""


def digest(data: bytes, size: int = 16) -> bytes:
    """A short name for what is long."""
    return hashlib.blake2b(data, digest_size=size).digest()


def named(name: str) -> bytes:
    """An id as the end of a key; no other id has the same."""
    written = name.encode()
    return written if len(written) <= _LONGEST else b"\xff" + digest(written, 32)


class State(NamedTuple):
    """What changes in a thread as messages and runs come.

    Its number, how many entries it has had, how many it had when its last run came (0: it has none), and what
    the user said last.
    """

    thread: bytes
    entries: bytes
    last_run: bytes
    words: bytes

    def said(self) -> str:
        """What the user said last."""
        return self.words.decode()

    def last(self) -> bytes | None:
        """The place of the last run."""
        return self.thread + RUN + self.last_run if any(self.last_run) else None


class Keys:
    """With what the keys of one mock begin."""

    def __init__(self, sandbox: str) -> None:
        self.sandbox = digest(sandbox.encode(), 8)
        self.counts, self.states, self.threads = (self.sandbox + letter for letter in (b"n", b"t", b"T"))
        self.datasets, self.ids, self.places = (self.sandbox + letter for letter in (b"d", b"e", b"l"))
        self.oldest = self.sandbox + b"o"

    def of_dataset(self, dataset_id: str) -> bytes:
        """What the numbers of a dataset's threads follow; of all threads without one."""
        if not dataset_id:
            return self.threads
        return self.datasets + digest(dataset_id.encode())

    def of_thread(self, thread: bytes, kind: bytes) -> bytes:
        """What the numbers of a thread's runs or messages follow."""
        return self.places + thread + kind
