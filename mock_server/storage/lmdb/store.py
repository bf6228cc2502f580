"""How do several processes share a store, and how does it survive a restart?

All processes open one LMDB file. Each call of the store is one transaction, and reads records again, because
another process may have replaced them.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

import lmdb

from mock_server.errors import Refusal
from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.storage.lmdb.environment import LmdbFile, Transaction, walk
from mock_server.storage.lmdb.file_format import FormatError
from mock_server.storage.lmdb.keys import MESSAGE, NUMBER, RUN, DamagedError, State
from mock_server.storage.lmdb.last_used import note_use
from mock_server.storage.lmdb.pages import page_of
from mock_server.storage.lmdb.records import Records
from mock_server.storage.lmdb.retention import Retention
from mock_server.storage.pagination import Page, Window
from mock_server.storage.protocol import CheckLastRun, Entry, MakeRun, RetentionPolicy


class LmdbStore:
    """A store in a file. Sandboxes that share the file are isolated from each other."""

    def __init__(self, path: Path, policy: RetentionPolicy | None = None, sandbox: str = "") -> None:
        self._records = Records(sandbox)
        self._file = LmdbFile(path, on_undo=self._records.runs.drop_cache)
        self._retention = Retention(self._file, self._records, policy) if policy else None
        self._last_change = 0

    def check(self) -> None:
        """Raise `ValueError` with one line if the file cannot be used; the file is not changed.

        The file is closed afterwards, so that forked processes can open it.
        """
        path = self._file.path
        try:
            self._file.check()
            self._file.write(self._records.counts)
            self._file.read(self._records.time)
        except FormatError as error:
            raise ValueError(f"--store: {path} {error}") from None
        except DamagedError as error:
            raise ValueError(f"--store: {path}: {error.message}") from None
        except (lmdb.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ValueError(f"--store: {path}: {reason}; name a file that can be written") from None
        finally:
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._retention:
            # On a full disk the newest runs stay uncounted, so the file keeps a few runs too many.
            with suppress(Refusal):
                self._retention.count()
        self._file.close()

    async def counts(self) -> tuple[int, int]:
        """The numbers of threads and runs."""
        runs = self._file.read(self._records.counts)[1]
        new = self._retention.uncounted if self._retention else 0
        return self._file.read(self._records.thread_count), runs + new

    async def newest_runs(self, count: int) -> Sequence[RunRecord]:
        """At most `count` runs of all threads, those created last."""
        return self._file.read(partial(self._retention.newest, count=count)) if self._retention else ()

    def time(self) -> int:
        """The virtual time that was kept last; 0 if none was."""
        return self._file.read(self._records.time)

    def keep_time(self, timestamp: int, *, lower: bool = False) -> None:
        """Keep a virtual time. An earlier one than the one that is kept counts only with `lower`."""
        self._file.write(lambda transaction: self._records.keep_time(transaction, timestamp, lower))

    def note_use(self, most: int) -> None:
        """Note that this sandbox is used now. If more than `most` are kept, delete the oldest ones."""
        sandbox = self._records.keys.sandbox
        if self._file.write(lambda transaction: note_use(transaction, sandbox, most)):
            # Another process may have deleted what this one has cached.
            self._records.runs.drop_cache()

    async def clear(self) -> None:
        """Delete everything."""
        self._file.write(self._records.clear)

    async def add_thread(self, thread: ThreadRecord) -> bool:
        """Add a thread; False if there is one with this id."""
        records = self._records

        def add(transaction: Transaction) -> bool:
            if records.thread_number(transaction, thread.id):
                return False
            number = records.add_thread(transaction, thread)
            if self._retention:
                self._retention.evict_idle_threads(transaction, number)
            return True

        return self._file.write(add)

    async def add_message(self, message: MessageRecord) -> bool:
        """Add a message; False if its thread does not exist."""
        records = self._records

        def add(transaction: Transaction) -> bool:
            state = records.state(transaction, message.thread_id)
            if state is None:
                return False
            records.add_message(transaction, state, message)
            return True

        return self._file.write(add)

    async def add_run(self, thread_id: str, make: MakeRun, check: CheckLastRun) -> RunRecord | None:
        """Make a run and add it if the last run of the thread allows it; None if there is no such thread."""
        # Make and encode the run before the lock is taken, because other processes wait for it.
        while found := self._file.read(lambda transaction: self._make(transaction, thread_id, make, check)):
            state, run = found
            adding = partial(self._add, state=state, run=run, encoded=self._encode(run), check=check)
            try:
                added = await self._file.write_batched(adding)
            except BaseException:
                self._records.runs.drop_cache()
                raise
            if added and self._retention:
                self._retention.count_if_due()
            if added:
                return run
        return None

    def _make(
        self, transaction: Transaction, thread_id: str, make: MakeRun, check: CheckLastRun
    ) -> tuple[State, RunRecord] | None:
        """The state of a thread, and a new run that its last run allows."""
        state = self._records.state(transaction, thread_id)
        if state is None:
            return None
        run = make(self._records.user_text(thread_id, state))
        if last := state.last_place():
            check(self._records.run(transaction, last))
        return state, run

    def _add(
        self, transaction: Transaction, state: State, run: RunRecord, encoded: bytes, check: CheckLastRun
    ) -> bool:
        """Add a run that was made for a state; False if the user posted another message since."""
        now = self._records.state(transaction, run.thread_id)
        if now is None or now.user_text != state.user_text:
            return False
        if (last := now.last_place()) and last != state.last_place():
            check(self._records.run(transaction, last))
        place = self._records.add_run(transaction, now, run, encoded)
        self._records.runs.cache(place, run)
        if self._retention:
            self._retention.add(place)
        return True

    def _encode(self, run: RunRecord) -> bytes:
        """The bytes of a new run; its scenario is written if the file does not hold it."""
        values = self._records.runs
        if not values.has_scenario(run.scenario):
            self._file.write(lambda transaction: values.put_scenario(transaction, run.scenario))
            values.cache_scenario(run.scenario)
        return values.encode(run)

    async def replace_thread(self, old: ThreadRecord, new: ThreadRecord) -> bool:
        """Replace a thread; False if `old` is not the current version."""
        records = self._records

        def put(transaction: Transaction) -> bool:
            number = records.thread_number(transaction, old.id)
            if number is None or records.thread(transaction, number).version != old.version:
                return False
            records.put_thread(transaction, number, new)
            return True

        return self._file.write(put)

    async def replace_run(self, old: RunRecord, new: RunRecord) -> bool:
        """Replace a run, and report it in `changes`; False if `old` is not the current version."""
        place = self._file.write(lambda transaction: self._records.replace_run(transaction, old, new))
        if place is None:
            return False
        self._records.runs.cache(place, new)
        return True

    def changes(self) -> Sequence[str]:
        """The ids of the runs that any process replaced since the last call."""
        changes: list[tuple[int, str]] = []
        # If the list of changes is damaged, waiting requests notice changes later.
        with suppress(DamagedError):
            changes = self._file.read(lambda found: self._records.changes(found, self._last_change))
        if changes:
            self._last_change = changes[-1][0]
        return [run_id for _, run_id in changes]

    async def thread(self, thread_id: str) -> ThreadRecord | None:
        """The thread with an id."""
        return self._file.read(lambda transaction: self._records.find_thread(transaction, thread_id))

    async def message(self, message_id: str) -> MessageRecord | None:
        """The message with an id, of those that clients posted."""
        return self._file.read(lambda transaction: self._records.find_message(transaction, message_id))

    async def run(self, run_id: str) -> RunRecord | None:
        """The run with an id."""
        return self._file.read(lambda transaction: self._records.find_run(transaction, run_id))

    async def last_run(self, thread_id: str) -> RunRecord | None:
        """The newest run of a thread."""
        records = self._records

        def get(transaction: Transaction) -> RunRecord | None:
            state = records.state(transaction, thread_id)
            last = state.last_place() if state else None
            return records.run(transaction, last) if last else None

        return self._file.read(get)

    async def threads(self, window: Window, dataset_id: str) -> Page[ThreadRecord]:
        """A page of the threads of a dataset, of all threads if it is empty. Raises `UnknownCursorError`."""
        records, prefix = self._records, self._records.keys.of_dataset(dataset_id)

        def get(transaction: Transaction) -> Page[ThreadRecord]:
            def number(thread_id: str) -> bytes | None:
                found = records.thread_number(transaction, thread_id)
                return found if found and transaction.get(prefix + found) is not None else None

            numbers, more = page_of(transaction, prefix, window, number)
            return Page(tuple(records.thread(transaction, one) for one in numbers), more)

        return self._file.read(get)

    async def runs(self, thread_id: str, window: Window) -> Page[RunRecord]:
        """A page of the runs of a thread. Raises `UnknownCursorError`."""
        records = self._records

        def get(transaction: Transaction) -> Page[RunRecord]:
            thread = records.thread_number(transaction, thread_id)
            if thread is None:
                return Page((), False)

            def number(run_id: str) -> bytes | None:
                place = records.place_of(transaction, run_id, RUN)
                return place[9:] if place and place[:8] == thread else None

            numbers, more = page_of(transaction, records.keys.of_thread(thread, RUN), window, number)
            return Page(tuple(records.run(transaction, thread + RUN + one) for one in numbers), more)

        return self._file.read(get)

    async def position(self, thread_id: str, entry_id: str) -> int | None:
        """The position of a message or run in its thread."""
        records = self._records

        def get(transaction: Transaction) -> int | None:
            thread = records.thread_number(transaction, thread_id)
            number = records.number(transaction, entry_id, thread)
            return int(NUMBER.unpack(number)[0]) if number else None

        return self._file.read(get)

    async def entries(
        self, thread_id: str, start: str, count: int, ascending: bool
    ) -> Sequence[tuple[int, Entry]]:
        """At most `count` messages and runs of a thread with their positions, oldest or newest first."""
        records = self._records

        def get(transaction: Transaction) -> Sequence[tuple[int, Entry]]:
            thread = records.thread_number(transaction, thread_id)
            first = records.number(transaction, start, thread) if start else None
            if thread is None or (start and first is None):
                return []

            def of(kind: bytes) -> Iterator[tuple[bytes, bytes]]:
                numbers = walk(transaction, records.keys.of_thread(thread, kind), first, ascending)
                return ((number, kind) for number in numbers)

            # Two sorted walks are merged, so that only the entries of the page are read.
            merged = heapq.merge(of(RUN), of(MESSAGE), reverse=not ascending)
            read: dict[bytes, Callable[[Transaction, bytes], Entry]]
            read = {RUN: records.run, MESSAGE: records.message}
            return [
                (NUMBER.unpack(number)[0], read[kind](transaction, thread + kind + number))
                for number, kind in islice(merged, count)
            ]

        return self._file.read(get)
