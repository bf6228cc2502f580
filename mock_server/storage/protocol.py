"""What does a store keep, and which calls does it offer?

`Store` is all the state that the processes of one server share. Records are frozen: a change replaces a
record, and fails if another process changed it first. `MemoryStore` serves one process, `LmdbStore` several.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.storage.linked_list import UnknownCursorError
from mock_server.storage.pagination import Page, Window

__all__ = ["CheckLastRun", "Entry", "MakeRun", "RetentionPolicy", "Store", "UnknownCursorError"]

Entry = MessageRecord | RunRecord
MakeRun = Callable[[str], RunRecord]
"""Makes a new run of a thread from the text of the user's last message."""
CheckLastRun = Callable[[RunRecord], object]
"""Raises an exception if the last run of a thread allows no new one."""
MAX_ENTRIES = 10_000
"""A message is evicted once its thread has this number of newer messages and runs."""
SPARE_THREADS = 1000
"""Threads that are kept beyond the number of runs."""


@dataclass(frozen=True)
class RetentionPolicy:
    """Keep at most `max_runs` runs; the oldest ended ones are evicted.

    A thread is evicted with its last run, unless a message came after that run. `on_evict` gets the id of
    each evicted run.
    """

    max_runs: int
    has_ended: Callable[[RunRecord], bool]
    on_evict: Callable[[str], object]

    @property
    def max_threads(self) -> int:
        """The number of threads beyond which the oldest threads without a run are evicted."""
        return self.max_runs + SPARE_THREADS


class Store(Protocol):
    """What every store can do. Each call is atomic, and finds an id without a search."""

    async def add_thread(self, thread: ThreadRecord) -> bool:
        """Add a thread; False if there is one with this id."""

    async def add_message(self, message: MessageRecord) -> bool:
        """Add a message; False if its thread does not exist."""

    async def add_run(self, thread_id: str, make: MakeRun, check: CheckLastRun) -> RunRecord | None:
        """Make a run and add it if the last run of the thread allows it; None if there is no such thread.

        If either function raises an exception, it is passed on and no run is added. If another process
        changes what they were given before the run is added, they are called again.
        """

    async def replace_thread(self, old: ThreadRecord, new: ThreadRecord) -> bool:
        """Replace a thread; False if `old` is not the current version."""

    async def replace_run(self, old: RunRecord, new: RunRecord) -> bool:
        """Replace a run; False if `old` is not the current version."""

    async def thread(self, thread_id: str) -> ThreadRecord | None:
        """The thread with an id."""

    async def message(self, message_id: str) -> MessageRecord | None:
        """The message with an id, of those that clients posted."""

    async def run(self, run_id: str) -> RunRecord | None:
        """The run with an id."""

    async def last_run(self, thread_id: str) -> RunRecord | None:
        """The newest run of a thread."""

    async def threads(self, window: Window, dataset_id: str) -> Page[ThreadRecord]:
        """A page of the threads of a dataset, of all threads if it is empty. Raises `UnknownCursorError`."""

    async def runs(self, thread_id: str, window: Window) -> Page[RunRecord]:
        """A page of the runs of a thread. Raises `UnknownCursorError`."""

    async def position(self, thread_id: str, entry_id: str) -> int | None:
        """The position of a message or run in its thread. Later entries have higher positions."""

    async def entries(
        self, thread_id: str, start: str, count: int, ascending: bool
    ) -> Sequence[tuple[int, Entry]]:
        """At most `count` messages and runs of a thread with their positions, oldest or newest first.

        The first is the one with the id `start`. If `start` is empty, it is the thread's oldest or newest.
        """

    async def counts(self) -> tuple[int, int]:
        """The numbers of threads and runs, without a search."""

    async def newest_runs(self, count: int) -> Sequence[RunRecord]:
        """At most `count` runs of all threads, those created last."""

    def changes(self) -> Sequence[str]:
        """The ids of the runs that any process replaced since the last call."""

    def time(self) -> int:
        """The virtual time that was kept last; 0 if none was."""

    def keep_time(self, timestamp: int, *, lower: bool = False) -> None:
        """Keep a virtual time. An earlier one than the one that is kept counts only with `lower`."""

    def note_use(self, most: int) -> None:
        """Note that this sandbox is used now. If more than `most` are kept, delete the oldest ones."""

    async def clear(self) -> None:
        """Delete everything."""

    def close(self) -> None:
        """Release all resources. No other call may follow."""
