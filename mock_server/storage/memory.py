"""How are threads, messages and runs kept in the memory of one process?"""

from collections import deque
from collections.abc import Sequence
from itertools import count, islice

from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.storage.linked_list import LinkedList
from mock_server.storage.pagination import Page, Window
from mock_server.storage.protocol import MAX_ENTRIES, CheckLastRun, Entry, MakeRun, RetentionPolicy

_CHECKS_PER_RUN = 8
"""Runs that are checked for each new run beyond the limit, in search of one that has ended."""


class _ThreadIndex:
    """The messages and runs of one thread. `count` is the number of all that it ever had.

    `messages` has each message with the number that `count` had then.
    """

    __slots__ = ("count", "entries", "messages", "runs", "user_text")

    def __init__(self) -> None:
        self.entries = LinkedList()
        self.runs = LinkedList()
        self.user_text = ""
        self.count = 0
        self.messages: deque[tuple[int, str]] = deque()


class MemoryStore:
    """A store for a single process, in which each call is atomic by itself."""

    def __init__(self, policy: RetentionPolicy | None = None) -> None:
        self._policy = policy
        self._reset()

    def _reset(self) -> None:
        self._threads: dict[str, ThreadRecord] = {}
        self._messages: dict[str, MessageRecord] = {}
        self._runs: dict[str, RunRecord] = {}
        self._indexes: dict[str, _ThreadIndex] = {}
        self._thread_ids = LinkedList()
        self._datasets: dict[str, LinkedList] = {}
        self._numbers = count()
        self._eviction_queue: deque[str] = deque()
        self._thread_queue: deque[str] = deque()

    async def counts(self) -> tuple[int, int]:
        """The numbers of threads and runs."""
        return len(self._threads), len(self._runs)

    async def newest_runs(self, count: int) -> Sequence[RunRecord]:
        """At most `count` runs of all threads, those created last."""
        return list(islice(reversed(self._runs.values()), count))

    async def clear(self) -> None:
        """Delete everything."""
        self._reset()

    def changes(self) -> Sequence[str]:
        """None: there are no other processes."""
        return ()

    def time(self) -> int:
        """None: memory is empty at the start."""
        return 0

    def keep_time(self, timestamp: int, *, lower: bool = False) -> None:
        """Do nothing: memory does not outlive its process."""

    def note_use(self, most: int) -> None:
        """Do nothing: no other sandbox is in this store."""

    def close(self) -> None:
        """Do nothing: memory needs no release."""

    async def add_thread(self, thread: ThreadRecord) -> bool:
        """Add a thread; False if there is one with this id."""
        if thread.id in self._threads:
            return False
        self._threads[thread.id] = thread
        self._indexes[thread.id] = _ThreadIndex()
        self._thread_ids.append(thread.id, number := next(self._numbers))
        if thread.dataset_id:
            self._datasets.setdefault(thread.dataset_id, LinkedList()).append(thread.id, number)
        if self._policy:
            self._thread_queue.append(thread.id)
            self._evict_idle_threads(self._policy.max_threads)
        return True

    def _evict_idle_threads(self, limit: int) -> None:
        """Evict old threads without a run. The queue may hold threads that are evicted already."""
        for _ in range(_CHECKS_PER_RUN):
            if len(self._thread_queue) <= limit:
                return
            thread_id = self._thread_queue.popleft()
            index = self._indexes.get(thread_id)
            if index is None:
                continue
            if len(index.runs) or len(self._threads) <= limit:
                self._thread_queue.append(thread_id)
            else:
                self._evict_thread(thread_id)

    async def add_message(self, message: MessageRecord) -> bool:
        """Add a message; False if its thread does not exist."""
        index = self._indexes.get(message.thread_id)
        if index is None:
            return False
        self._messages[message.id] = message
        index.entries.append(message.id, next(self._numbers))
        index.count += 1
        index.messages.append((index.count, message.id))
        while index.messages[0][0] <= index.count - MAX_ENTRIES:
            evicted = index.messages.popleft()[1]
            index.entries.remove(evicted)
            del self._messages[evicted]
        if message.role == "user":
            index.user_text = message.words()
        return True

    async def add_run(self, thread_id: str, make: MakeRun, check: CheckLastRun) -> RunRecord | None:
        """Make a run and add it if the last run of the thread allows it; None if there is no such thread."""
        index = self._indexes.get(thread_id)
        if index is None:
            return None
        run = make(index.user_text)
        if last := index.runs.last:
            check(self._runs[last.id])
        self._runs[run.id] = run
        number = next(self._numbers)
        index.count += 1
        index.entries.append(run.id, number)
        index.runs.append(run.id, number)
        if self._policy:
            self._eviction_queue.append(run.id)
            self._evict(self._policy)
        return run

    def _evict(self, policy: RetentionPolicy) -> None:
        for _ in range(_CHECKS_PER_RUN):
            if len(self._eviction_queue) <= policy.max_runs:
                return
            run_id = self._eviction_queue.popleft()
            if policy.has_ended(self._runs[run_id]):
                self._evict_run(self._runs.pop(run_id))
                policy.on_evict(run_id)
            else:
                self._eviction_queue.append(run_id)

    def _evict_run(self, run: RunRecord) -> None:
        index = self._indexes[run.thread_id]
        number = index.runs.remove(run.id)
        index.entries.remove(run.id)
        newest = index.entries.last
        if not len(index.runs) and (newest is None or newest.number < number):
            self._evict_thread(run.thread_id)

    def _evict_thread(self, thread_id: str) -> None:
        thread = self._threads.pop(thread_id)
        for _, message_id in self._indexes.pop(thread_id).messages:
            del self._messages[message_id]
        self._thread_ids.remove(thread_id)
        if thread.dataset_id:
            self._datasets[thread.dataset_id].remove(thread_id)
            if not len(self._datasets[thread.dataset_id]):
                del self._datasets[thread.dataset_id]

    async def replace_thread(self, old: ThreadRecord, new: ThreadRecord) -> bool:
        """Replace a thread; False if `old` is not the current version."""
        current = self._threads.get(old.id)
        if current is None or current.version != old.version:
            return False
        self._threads[new.id] = new
        return True

    async def replace_run(self, old: RunRecord, new: RunRecord) -> bool:
        """Replace a run; False if `old` is not the current version."""
        current = self._runs.get(old.id)
        if current is None or current.version != old.version:
            return False
        self._runs[new.id] = new
        return True

    async def thread(self, thread_id: str) -> ThreadRecord | None:
        """The thread with an id."""
        return self._threads.get(thread_id)

    async def message(self, message_id: str) -> MessageRecord | None:
        """The message with an id, of those that clients posted."""
        return self._messages.get(message_id)

    async def run(self, run_id: str) -> RunRecord | None:
        """The run with an id."""
        return self._runs.get(run_id)

    async def last_run(self, thread_id: str) -> RunRecord | None:
        """The newest run of a thread."""
        index = self._indexes.get(thread_id)
        return self._runs[index.runs.last.id] if index and index.runs.last else None

    async def threads(self, window: Window, dataset_id: str) -> Page[ThreadRecord]:
        """A page of the threads of a dataset, of all threads if it is empty. Raises `UnknownCursorError`."""
        listed = self._datasets.get(dataset_id, LinkedList()) if dataset_id else self._thread_ids
        ids, more = listed.page(window)
        return Page(tuple(self._threads[thread_id] for thread_id in ids), more)

    async def runs(self, thread_id: str, window: Window) -> Page[RunRecord]:
        """A page of the runs of a thread. Raises `UnknownCursorError`."""
        index = self._indexes.get(thread_id)
        ids, more = index.runs.page(window) if index else ([], False)
        return Page(tuple(self._runs[run_id] for run_id in ids), more)

    async def position(self, thread_id: str, entry_id: str) -> int | None:
        """The position of a message or run in its thread."""
        node = self._indexes[thread_id].entries.get(entry_id)
        return node.number if node else None

    async def entries(
        self, thread_id: str, start: str, count: int, ascending: bool
    ) -> Sequence[tuple[int, Entry]]:
        """At most `count` messages and runs of a thread with their positions, oldest or newest first."""
        index = self._indexes.get(thread_id)
        if index is None:
            return []
        listed = index.entries
        nodes = islice(listed.walk(listed.get(start), ascending), count)
        return [(node.number, self._messages.get(node.id) or self._runs[node.id]) for node in nodes]
