"""How is everything kept in one process's memory?"""

from collections import deque
from collections.abc import Sequence
from itertools import count, islice

from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.storage.linked_list import LinkedList
from mock_server.storage.pagination import Page, Window
from mock_server.storage.protocol import Allow, Bound, Entry, Make

_LOOKS = 8
"""So many runs are looked at, for each one created beyond the bound, whether they are over."""


class _Shelf:
    """What belongs to one thread."""

    __slots__ = ("entries", "last_words", "runs")

    def __init__(self) -> None:
        self.entries = LinkedList()
        self.runs = LinkedList()
        self.last_words = ""


class MemoryStore:
    """A store that one process has to itself, so that nothing comes between two of its calls."""

    def __init__(self, bound: Bound | None = None) -> None:
        self._bound = bound
        self._empty()

    def _empty(self) -> None:
        self._threads: dict[str, ThreadRecord] = {}
        self._messages: dict[str, MessageRecord] = {}
        self._runs: dict[str, RunRecord] = {}
        self._shelves: dict[str, _Shelf] = {}
        self._all = LinkedList()
        self._datasets: dict[str, LinkedList] = {}
        self._numbers = count()
        self._oldest: deque[str] = deque()

    async def clear(self) -> None:
        """Forget everything."""
        self._empty()

    def changes(self) -> Sequence[str]:
        """Nobody else changes anything."""
        return ()

    def close(self) -> None:
        """Nothing is held."""

    async def add_thread(self, thread: ThreadRecord) -> bool:
        """Keep a new thread; False if there is one of this id."""
        if thread.id in self._threads:
            return False
        self._threads[thread.id] = thread
        self._shelves[thread.id] = _Shelf()
        self._all.append(thread.id, number := next(self._numbers))
        if thread.dataset_id:
            self._datasets.setdefault(thread.dataset_id, LinkedList()).append(thread.id, number)
        return True

    async def add_message(self, message: MessageRecord) -> bool:
        """Keep a new message; False if its thread is not there."""
        shelf = self._shelves.get(message.thread_id)
        if shelf is None:
            return False
        self._messages[message.id] = message
        shelf.entries.append(message.id, next(self._numbers))
        if message.role == "user":
            shelf.last_words = message.words()
        return True

    async def add_run(self, thread_id: str, make: Make, allow: Allow) -> RunRecord | None:
        """Keep the run made for a thread, if its last run allows it; None if there is no such thread."""
        shelf = self._shelves.get(thread_id)
        if shelf is None:
            return None
        run = make(shelf.last_words)
        if last := shelf.runs.last:
            allow(self._runs[last.id])
        self._runs[run.id] = run
        number = next(self._numbers)
        shelf.entries.append(run.id, number)
        shelf.runs.append(run.id, number)
        if self._bound:
            self._oldest.append(run.id)
            self._keep_within(self._bound)
        return run

    def _keep_within(self, bound: Bound) -> None:
        for _ in range(_LOOKS):
            if len(self._oldest) <= bound.most_runs:
                return
            run_id = self._oldest.popleft()
            if bound.over(self._runs[run_id]):
                self._forget(self._runs.pop(run_id))
                bound.forgotten(run_id)
            else:
                self._oldest.append(run_id)

    def _forget(self, run: RunRecord) -> None:
        shelf = self._shelves[run.thread_id]
        number = shelf.runs.remove(run.id)
        shelf.entries.remove(run.id)
        newest = shelf.entries.last
        if not len(shelf.runs) and (newest is None or newest.number < number):
            self._drop(run.thread_id)

    def _drop(self, thread_id: str) -> None:
        thread = self._threads.pop(thread_id)
        for link in self._shelves.pop(thread_id).entries.walk(None, ascending=True):
            del self._messages[link.id]
        self._all.remove(thread_id)
        if thread.dataset_id:
            self._datasets[thread.dataset_id].remove(thread_id)
            if not len(self._datasets[thread.dataset_id]):
                del self._datasets[thread.dataset_id]

    async def replace_thread(self, old: ThreadRecord, new: ThreadRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one."""
        current = self._threads.get(old.id)
        if current is None or current.version != old.version:
            return False
        self._threads[new.id] = new
        return True

    async def replace_run(self, old: RunRecord, new: RunRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one."""
        current = self._runs.get(old.id)
        if current is None or current.version != old.version:
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

    async def last_run(self, thread_id: str) -> RunRecord | None:
        """The run of a thread that was created last."""
        shelf = self._shelves.get(thread_id)
        return self._runs[shelf.runs.last.id] if shelf and shelf.runs.last else None

    async def threads(self, window: Window, dataset_id: str) -> Page[ThreadRecord]:
        """A page of all threads, or of those of a dataset. Raises `UnknownCursorError`."""
        line = self._datasets.get(dataset_id, LinkedList()) if dataset_id else self._all
        ids, more = line.page(window)
        return Page(tuple(self._threads[thread_id] for thread_id in ids), more)

    async def runs(self, thread_id: str, window: Window) -> Page[RunRecord]:
        """A page of a thread's runs. Raises `UnknownCursorError`."""
        ids, more = self._shelves[thread_id].runs.page(window)
        return Page(tuple(self._runs[run_id] for run_id in ids), more)

    async def position(self, thread_id: str, entry_id: str) -> int | None:
        """Where in a thread a message or run stands."""
        link = self._shelves[thread_id].entries.get(entry_id)
        return link.number if link else None

    async def entries(
        self, thread_id: str, start: str, count: int, ascending: bool
    ) -> Sequence[tuple[int, Entry]]:
        """So many messages and runs of a thread with their positions, oldest or newest first."""
        line = self._shelves[thread_id].entries
        links = islice(line.walk(line.get(start), ascending), count)
        return [(link.number, self._messages.get(link.id) or self._runs[link.id]) for link in links]
