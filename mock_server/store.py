"""What was created, and when?

`Store` is all that the processes of one server share. Its records are frozen; a record is changed by
replacing it, which fails if somebody else was first. `MemoryStore` serves one process.
"""

from collections.abc import Sequence
from typing import Protocol

from mock_server.pages import Page, Window, span
from mock_server.records import MessageRecord, RunRecord, ThreadRecord

Entry = MessageRecord | RunRecord


class UnknownCursorError(LookupError):
    """A cursor that is not in the list it was given for."""

    def __init__(self, parameter: str, cursor: str) -> None:
        super().__init__(parameter, cursor)
        self.parameter, self.cursor = parameter, cursor


class Store(Protocol):
    """What every store can do. Each call is atomic; an id is looked up at the cost of one lookup."""

    async def add_thread(self, thread: ThreadRecord) -> bool:
        """Keep a new thread; False if there is one of this id."""

    async def add_message(self, message: MessageRecord) -> None:
        """Keep a new message of a thread that is there."""

    async def add_run(self, run: RunRecord) -> None:
        """Keep a new run of a thread that is there."""

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

    async def last_words(self, thread_id: str) -> str:
        """What the user said last in a thread."""

    async def threads(self, window: Window, dataset_id: str) -> Page[ThreadRecord]:
        """A page of all threads, or of those of a dataset. Raises `UnknownCursorError`."""

    async def runs(self, thread_id: str, window: Window) -> Page[RunRecord]:
        """A page of a thread's runs. Raises `UnknownCursorError`."""

    async def position(self, thread_id: str, entry_id: str) -> int | None:
        """Where in a thread a message or run stands, counted from its beginning."""

    async def entry_count(self, thread_id: str) -> int:
        """How many messages and runs a thread has."""

    async def entries(self, thread_id: str, start: int, count: int, ascending: bool) -> Sequence[Entry]:
        """So many messages and runs of a thread from a position on, oldest first or newest first."""

    async def clear(self) -> None:
        """Forget everything."""


class _Index:
    """Ids in the order they came, each with its position."""

    __slots__ = ("ids", "positions")

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.positions: dict[str, int] = {}

    def append(self, new: str) -> None:
        self.positions[new] = len(self.ids)
        self.ids.append(new)

    def page(self, window: Window) -> tuple[list[str], bool]:
        after = self._cursor("after", window.after)
        before = self._cursor("before", window.before)
        positions, more = span(window, len(self.ids), after, before)
        return [self.ids[position] for position in positions], more

    def _cursor(self, parameter: str, cursor: str) -> int | None:
        if not cursor:
            return None
        if cursor not in self.positions:
            raise UnknownCursorError(parameter, cursor)
        return self.positions[cursor]


class _Shelf:
    """What belongs to one thread."""

    __slots__ = ("entries", "last_words", "runs")

    def __init__(self) -> None:
        self.entries = _Index()
        self.runs = _Index()
        self.last_words = ""


class MemoryStore:
    """Everything in this process's memory."""

    def __init__(self) -> None:
        self._empty()

    def _empty(self) -> None:
        self._threads: dict[str, ThreadRecord] = {}
        self._messages: dict[str, MessageRecord] = {}
        self._runs: dict[str, RunRecord] = {}
        self._shelves: dict[str, _Shelf] = {}
        self._all = _Index()
        self._datasets: dict[str, _Index] = {}

    async def clear(self) -> None:
        """Forget everything."""
        self._empty()

    async def add_thread(self, thread: ThreadRecord) -> bool:
        """Keep a new thread; False if there is one of this id."""
        if thread.id in self._threads:
            return False
        self._threads[thread.id] = thread
        self._shelves[thread.id] = _Shelf()
        self._all.append(thread.id)
        if thread.dataset_id:
            self._datasets.setdefault(thread.dataset_id, _Index()).append(thread.id)
        return True

    async def add_message(self, message: MessageRecord) -> None:
        """Keep a new message of a thread that is there."""
        self._messages[message.id] = message
        shelf = self._shelves[message.thread_id]
        shelf.entries.append(message.id)
        if message.role == "user":
            shelf.last_words = message.words()

    async def add_run(self, run: RunRecord) -> None:
        """Keep a new run of a thread that is there."""
        self._runs[run.id] = run
        shelf = self._shelves[run.thread_id]
        shelf.entries.append(run.id)
        shelf.runs.append(run.id)

    async def replace_thread(self, old: ThreadRecord, new: ThreadRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one."""
        if self._threads[old.id].version != old.version:
            return False
        self._threads[new.id] = new
        return True

    async def replace_run(self, old: RunRecord, new: RunRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one."""
        if self._runs[old.id].version != old.version:
            return False
        self._runs[new.id] = new
        return True

    async def thread(self, thread_id: str) -> ThreadRecord | None:
        """A thread."""
        return self._threads.get(thread_id)

    async def message(self, message_id: str) -> MessageRecord | None:
        """A message that a client posted."""
        return self._messages.get(message_id)

    async def run(self, run_id: str) -> RunRecord | None:
        """A run."""
        return self._runs.get(run_id)

    async def last_words(self, thread_id: str) -> str:
        """What the user said last in a thread."""
        shelf = self._shelves.get(thread_id)
        return shelf.last_words if shelf else ""

    async def threads(self, window: Window, dataset_id: str) -> Page[ThreadRecord]:
        """A page of all threads, or of those of a dataset. Raises `UnknownCursorError`."""
        index = self._datasets.get(dataset_id, _Index()) if dataset_id else self._all
        ids, more = index.page(window)
        return Page(tuple(self._threads[thread_id] for thread_id in ids), more)

    async def runs(self, thread_id: str, window: Window) -> Page[RunRecord]:
        """A page of a thread's runs. Raises `UnknownCursorError`."""
        ids, more = self._shelves[thread_id].runs.page(window)
        return Page(tuple(self._runs[run_id] for run_id in ids), more)

    async def position(self, thread_id: str, entry_id: str) -> int | None:
        """Where in a thread a message or run stands, counted from its beginning."""
        return self._shelves[thread_id].entries.positions.get(entry_id)

    async def entry_count(self, thread_id: str) -> int:
        """How many messages and runs a thread has."""
        return len(self._shelves[thread_id].entries.ids)

    async def entries(self, thread_id: str, start: int, count: int, ascending: bool) -> Sequence[Entry]:
        """So many messages and runs of a thread from a position on, oldest first or newest first."""
        ids = self._shelves[thread_id].entries.ids
        chosen = ids[start : start + count] if ascending else ids[max(0, start - count + 1) : start + 1][::-1]
        return [self._messages.get(entry_id) or self._runs[entry_id] for entry_id in chosen]
