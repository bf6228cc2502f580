"""What was created, and when?

`Store` is all that the processes of one server share. Its records are frozen; a record is changed by
replacing it, which fails if somebody else was first. `store_memory` serves one process, `store_lmdb`
several.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.storage.linked_list import UnknownCursorError
from mock_server.storage.pagination import Page, Window

__all__ = ["Allow", "Bound", "Entry", "Make", "Store", "UnknownCursorError"]

Entry = MessageRecord | RunRecord
Make = Callable[[str], RunRecord]
"""Makes a new run of a thread, given what the user said last there."""
Allow = Callable[[RunRecord], object]
"""Raises what speaks against a new run, given the last one of its thread."""


@dataclass(frozen=True)
class Bound:
    """How much is kept: of more runs, the oldest that are over go, and a thread with its last run.

    A thread that got a message since its last run stays. `forgotten` is told the id of each run that went.
    """

    most_runs: int
    over: Callable[[RunRecord], bool]
    forgotten: Callable[[str], object]


class Store(Protocol):
    """What every store can do. Each call is atomic; an id is looked up at the cost of one lookup."""

    async def add_thread(self, thread: ThreadRecord) -> bool:
        """Keep a new thread; False if there is one of this id."""

    async def add_message(self, message: MessageRecord) -> bool:
        """Keep a new message; False if its thread is not there."""

    async def add_run(self, thread_id: str, make: Make, allow: Allow) -> RunRecord | None:
        """Keep the run made for a thread, if its last run allows it; None if there is no such thread.

        What either raises is passed on, and no run is kept. Nothing comes between what they were given and
        the new run: if another process was first, they are called again.
        """

    async def replace_thread(self, old: ThreadRecord, new: ThreadRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one."""

    async def replace_run(self, old: RunRecord, new: RunRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one."""

    async def thread(self, thread_id: str) -> ThreadRecord | None:
        """A thread."""

    async def message(self, message_id: str) -> MessageRecord | None:
        """A message that a client posted."""

    async def run(self, run_id: str) -> RunRecord | None:
        """A run."""

    async def last_run(self, thread_id: str) -> RunRecord | None:
        """The run of a thread that was created last."""

    async def threads(self, window: Window, dataset_id: str) -> Page[ThreadRecord]:
        """A page of all threads, or of those of a dataset. Raises `UnknownCursorError`."""

    async def runs(self, thread_id: str, window: Window) -> Page[RunRecord]:
        """A page of a thread's runs. Raises `UnknownCursorError`."""

    async def position(self, thread_id: str, entry_id: str) -> int | None:
        """Where in a thread a message or run stands; a later one has a higher position."""

    async def entries(
        self, thread_id: str, start: str, count: int, ascending: bool
    ) -> Sequence[tuple[int, Entry]]:
        """So many messages and runs of a thread with their positions, oldest or newest first.

        They begin with that of the id `start`; without one, with the thread's first or last.
        """

    def changes(self) -> Sequence[str]:
        """The ids of runs that were changed, by whatever process, since this was last asked."""

    async def clear(self) -> None:
        """Forget everything."""

    def close(self) -> None:
        """Let go of what is held; nothing is asked afterwards."""
