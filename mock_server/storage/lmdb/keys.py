"""What does each key of an LMDB file hold?

`tunemock` holds the format of the file. `scenario` and a digest hold a scenario. `changes!` and a number hold
the id of a changed run. `lastused` and the 8 bytes of a sandbox hold the time at which that sandbox was last
used, in nanoseconds. All sandboxes share these keys. Every other key begins with 8 bytes for its sandbox and
a letter:

    n                               the number of the next thread, and the number of runs
    t thread id                     the state of a thread
    T thread                        the record of a thread, in order of creation
    d dataset, thread               a thread of a dataset, in order of creation
    e entry id                      the place of a run or message
    l place                         the record of a run or message
    c                               the virtual time that was kept last
    N                               the number of threads
    o number                        the places of runs that were counted together, oldest first

A thread is written as its number. A place is a thread, a kind (run or message) and a number in the thread.
So the runs of a thread are sorted by age, and so are its messages.
"""

import hashlib
from struct import Struct
from typing import NamedTuple

from mock_server.errors import Refusal, quoted

FORMAT_KEY = b"tunemock"
SCENARIOS, CHANGES, LAST_USED = b"scenario", b"changes!", b"lastused"
RUN, MESSAGE = b"r", b"m"
NUMBER = Struct(">Q")
COUNTS = Struct(">QQ")
LARGEST_NUMBER = 1 << 62
PLACE_SIZE = 17
"""Bytes of a place: 8 for the thread, 1 for the kind, 8 for the number in the thread."""
_MAX_ID = 200
"""Bytes of the longest id in a key. Longer ids are hashed, because LMDB keys have at most 511 bytes."""
_COUNTS, _STATE, _THREAD, _DATASET, _ENTRY, _PLACE, _COUNTED = b"n", b"t", b"T", b"d", b"e", b"l", b"o"
_TIME, _THREAD_COUNT = b"c", b"N"


_SHARED = {
    SCENARIOS: "scenario",
    CHANGES: "change",
    LAST_USED: "the use of sandbox",
    FORMAT_KEY: "the format",
}


class DamagedError(Refusal):
    """The value of a key is missing or wrong."""

    def __init__(self, key: bytes, problem: str) -> None:
        what = f"the store is damaged: {describe(key)}: {problem}"
        super().__init__("internal", f"{what}; start with another --store, or delete this file")


def digest(data: bytes, size: int = 16) -> bytes:
    """A hash of the data."""
    return hashlib.blake2b(data, digest_size=size).digest()


def encode_id(name: str) -> bytes:
    """An id as the last part of a key. Different ids give different bytes."""
    encoded = name.encode()
    return encoded if len(encoded) <= _MAX_ID else b"\xff" + digest(encoded, 32)


class State(NamedTuple):
    """The part of a thread that changes with each message or run.

    `thread` is the number of the thread, `entries` that of its newest entry, `last_run` that of its newest
    run (0: it has none). `user_text` is the text of the user's last message.
    """

    thread: bytes
    entries: bytes
    last_run: bytes
    user_text: bytes

    def last_place(self) -> bytes | None:
        """The place of the newest run."""
        return self.thread + RUN + self.last_run if any(self.last_run) else None


class Keys:
    """The keys of one sandbox."""

    def __init__(self, sandbox: str) -> None:
        self.sandbox = digest(sandbox.encode(), 8)
        self.counts, self.threads = self.sandbox + _COUNTS, self.sandbox + _THREAD
        self.time, self.thread_count = self.sandbox + _TIME, self.sandbox + _THREAD_COUNT
        self.counted, self.places = self.sandbox + _COUNTED, self.sandbox + _PLACE
        self._states, self._entries = self.sandbox + _STATE, self.sandbox + _ENTRY

    def state(self, thread_id: str) -> bytes:
        """The key of a thread's state."""
        return self._states + encode_id(thread_id)

    def entry(self, entry_id: str) -> bytes:
        """The key of the place of a run or message."""
        return self._entries + encode_id(entry_id)

    def of_dataset(self, dataset_id: str) -> bytes:
        """The prefix of the threads of a dataset; of all threads if it is empty."""
        if not dataset_id:
            return self.threads
        return self.sandbox + _DATASET + digest(dataset_id.encode())

    def of_thread(self, thread: bytes, kind: bytes) -> bytes:
        """The prefix of a thread's runs or messages."""
        return self.places + thread + kind


def describe(key: bytes) -> str:
    """A readable name for what a key holds."""
    for prefix, name in _SHARED.items():
        if key.startswith(prefix):
            return f"{name} {key[8:].hex()}".rstrip()
    letter, rest = key[8:9], key[9:]
    if letter == _PLACE and len(rest) == PLACE_SIZE:
        kind = "run" if rest[8:9] == RUN else "message"
        return f"{kind} {_number(rest[9:])} of thread {_number(rest[:8])}"
    name = {
        _COUNTS: "the counts",
        _TIME: "the virtual time",
        _THREAD_COUNT: "the number of threads",
        _STATE: "the state of thread",
        _THREAD: "thread",
        _DATASET: "dataset",
        _ENTRY: "the place of",
        _COUNTED: "the list of old runs",
    }.get(letter, "the key")
    return f"{name} {_readable(letter, rest)}".rstrip()


def _readable(letter: bytes, rest: bytes) -> str:
    if letter in (_STATE, _ENTRY):
        return quoted(rest.decode(errors="replace"))
    return _number(rest) if len(rest) == NUMBER.size else rest.hex()


def _number(data: bytes) -> str:
    return str(NUMBER.unpack(data)[0])
