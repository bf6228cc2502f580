"""How do several processes keep what was created, together?

In one LMDB file that all of them have open. Every call of the store is one transaction. Records are read
anew at each use, since another process may have changed them.
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
from mock_server.storage.linked_list import UnknownCursorError
from mock_server.storage.lmdb.environment import LmdbFile, Transaction, walk
from mock_server.storage.lmdb.keys import MESSAGE, NUMBER, RUN, State
from mock_server.storage.lmdb.records import Records
from mock_server.storage.lmdb.retention import Oldest
from mock_server.storage.pagination import Page, Window, filled
from mock_server.storage.protocol import Allow, Bound, Entry, Make


class LmdbStore:
    """A store in a file. `sandbox` tells apart the mocks that share it."""

    def __init__(self, path: Path, bound: Bound | None = None, sandbox: str = "") -> None:
        self._records = Records(sandbox)
        self._file = LmdbFile(path, undone=self._records.distrust)
        self._oldest = Oldest(self._file, self._records, bound) if bound else None
        self._last_change = 0

    def check(self) -> None:
        """Raise `ValueError`, one line, if the file cannot be used; leave it closed."""
        try:
            self._file.write(self._records.counts)
        except (lmdb.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ValueError(
                f"--store: {self._file.path}: {reason}; name a file that can be written"
            ) from None
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._oldest:
            # Of a full file nobody can make room any more: some runs then outlive the bound.
            with suppress(Refusal):
                self._oldest.count()
        self._file.close()

    async def clear(self) -> None:
        """Forget everything."""
        self._file.write(self._records.clear)

    async def add_thread(self, thread: ThreadRecord) -> bool:
        """Keep a new thread; False if there is one of this id."""
        records = self._records

        def add(transaction: Transaction) -> bool:
            if records.thread_number(transaction, thread.id):
                return False
            records.add_thread(transaction, thread)
            return True

        return self._file.write(add)

    async def add_message(self, message: MessageRecord) -> bool:
        """Keep a new message; False if its thread is not there."""
        records = self._records

        def add(transaction: Transaction) -> bool:
            state = records.state(transaction, message.thread_id)
            if state is None:
                return False
            records.add_message(transaction, state, message)
            return True

        return self._file.write(add)

    async def add_run(self, thread_id: str, make: Make, allow: Allow) -> RunRecord | None:
        """Keep the run made for a thread, if its last run allows it; None if there is no such thread."""
        # Made and written down before it is this process's turn, for which others wait.
        while found := self._file.read(lambda transaction: self._look(transaction, thread_id, make, allow)):
            state, run = found
            adding = partial(self._add, state=state, run=run, written=self._written(run), allow=allow)
            try:
                added = await self._file.write_soon(adding)
            except BaseException:
                self._records.distrust()
                raise
            if added and self._oldest:
                self._oldest.look()
            if added:
                return run
        return None

    def _look(
        self, transaction: Transaction, thread_id: str, make: Make, allow: Allow
    ) -> tuple[State, RunRecord] | None:
        """A thread's state, and a run made for it and allowed."""
        state = self._records.state(transaction, thread_id)
        if state is None:
            return None
        run = make(state.said())
        if last := state.last():
            allow(self._records.run(transaction, last))
        return state, run

    def _add(
        self, transaction: Transaction, state: State, run: RunRecord, written: bytes, allow: Allow
    ) -> bool:
        """Keep a run that was made for a state, unless somebody said something new since."""
        now = self._records.state(transaction, run.thread_id)
        if now is None or now.words != state.words:
            return False
        if (last := now.last()) and last != state.last():
            allow(self._records.run(transaction, last))
        place = self._records.add_run(transaction, now, run, written)
        self._records.remember(place, run)
        if self._oldest:
            self._oldest.note(place)
        return True

    def _written(self, run: RunRecord) -> bytes:
        """What the file is to hold of a new run; its scenario is kept if it is new."""
        if not self._records.knows(run.scenario):
            self._file.write(lambda transaction: self._records.put_scenario(transaction, run.scenario))
            self._records.remember_scenario(run.scenario)
        return self._records.written(run)

    async def replace_thread(self, old: ThreadRecord, new: ThreadRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one."""
        records = self._records

        def put(transaction: Transaction) -> bool:
            number = records.thread_number(transaction, old.id)
            if number is None or records.thread(transaction, number).version != old.version:
                return False
            records.put_thread(transaction, number, new)
            return True

        return self._file.write(put)

    async def replace_run(self, old: RunRecord, new: RunRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one. Other processes are told."""
        place = self._file.write(lambda transaction: self._records.replace_run(transaction, old, new))
        if place is None:
            return False
        self._records.remember(place, new)
        return True

    def changes(self) -> Sequence[str]:
        """The ids of runs that were changed, by whatever process, since this was last asked."""
        changes = self._file.read(lambda transaction: self._records.changes(transaction, self._last_change))
        if changes:
            self._last_change = changes[-1][0]
        return [run_id for _, run_id in changes]

    async def thread(self, thread_id: str) -> ThreadRecord | None:
        """A thread."""
        records = self._records

        def get(transaction: Transaction) -> ThreadRecord | None:
            number = records.thread_number(transaction, thread_id)
            return records.thread(transaction, number) if number else None

        return self._file.read(get)

    async def message(self, message_id: str) -> MessageRecord | None:
        """A message that a client posted."""
        records = self._records

        def get(transaction: Transaction) -> MessageRecord | None:
            place = records.place(transaction, message_id, MESSAGE)
            return records.message(transaction, place) if place else None

        return self._file.read(get)

    async def run(self, run_id: str) -> RunRecord | None:
        """A run."""
        records = self._records

        def get(transaction: Transaction) -> RunRecord | None:
            place = records.place(transaction, run_id, RUN)
            return records.run(transaction, place) if place else None

        return self._file.read(get)

    async def last_run(self, thread_id: str) -> RunRecord | None:
        """The run of a thread that was created last."""
        records = self._records

        def get(transaction: Transaction) -> RunRecord | None:
            state = records.state(transaction, thread_id)
            last = state.last() if state else None
            return records.run(transaction, last) if last else None

        return self._file.read(get)

    async def threads(self, window: Window, dataset_id: str) -> Page[ThreadRecord]:
        """A page of all threads, or of those of a dataset. Raises `UnknownCursorError`."""
        records, prefix = self._records, self._records.keys.of_dataset(dataset_id)

        def get(transaction: Transaction) -> Page[ThreadRecord]:
            def number(thread_id: str) -> bytes | None:
                found = records.thread_number(transaction, thread_id)
                return found if found and transaction.get(prefix + found) is not None else None

            numbers, more = _page(transaction, prefix, window, number)
            return Page(tuple(records.thread(transaction, one) for one in numbers), more)

        return self._file.read(get)

    async def runs(self, thread_id: str, window: Window) -> Page[RunRecord]:
        """A page of a thread's runs. Raises `UnknownCursorError`."""
        records = self._records

        def get(transaction: Transaction) -> Page[RunRecord]:
            thread = records.thread_number(transaction, thread_id)
            if thread is None:
                return Page((), False)

            def number(run_id: str) -> bytes | None:
                place = records.place(transaction, run_id, RUN)
                return place[9:] if place and place[:8] == thread else None

            numbers, more = _page(transaction, records.keys.of_thread(thread, RUN), window, number)
            return Page(tuple(records.run(transaction, thread + RUN + one) for one in numbers), more)

        return self._file.read(get)

    async def position(self, thread_id: str, entry_id: str) -> int | None:
        """Where in a thread a message or run stands."""
        records = self._records

        def get(transaction: Transaction) -> int | None:
            thread = records.thread_number(transaction, thread_id)
            number = records.number(transaction, entry_id, thread)
            return int(NUMBER.unpack(number)[0]) if number else None

        return self._file.read(get)

    async def entries(
        self, thread_id: str, start: str, count: int, ascending: bool
    ) -> Sequence[tuple[int, Entry]]:
        """So many messages and runs of a thread with their positions, oldest or newest first."""
        records = self._records

        def get(transaction: Transaction) -> Sequence[tuple[int, Entry]]:
            thread = records.thread_number(transaction, thread_id)
            first = records.number(transaction, start, thread) if start else None
            if thread is None or (start and first is None):
                return []

            def of(kind: bytes) -> Iterator[tuple[bytes, bytes]]:
                numbers = walk(transaction, records.keys.of_thread(thread, kind), first, ascending)
                return ((number, kind) for number in numbers)

            # Two walks merged: nothing is sorted, nothing is read that is not on the page.
            merged = heapq.merge(of(RUN), of(MESSAGE), reverse=not ascending)
            read: dict[bytes, Callable[[Transaction, bytes], Entry]]
            read = {RUN: records.run, MESSAGE: records.message}
            return [
                (NUMBER.unpack(number)[0], read[kind](transaction, thread + kind + number))
                for number, kind in islice(merged, count)
            ]

        return self._file.read(get)


def _page(
    transaction: Transaction, prefix: bytes, window: Window, number: Callable[[str], bytes | None]
) -> tuple[list[bytes], bool]:
    """The numbers on a page. Raises `UnknownCursorError`."""

    def cursor(parameter: str, entry_id: str) -> bytes | None:
        found = number(entry_id) if entry_id else None
        if entry_id and found is None:
            raise UnknownCursorError(parameter, entry_id)
        return found

    return filled(
        window,
        cursor("after", window.after),
        cursor("before", window.before),
        lambda start, ascending: walk(transaction, prefix, start, ascending),
    )
