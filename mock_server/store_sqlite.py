"""How do several processes keep what was created, together?

In one SQLite file that all of them have open. Every call of the store is one transaction. Records are read
anew at each use, since another process may have changed them; a version that was read before is the same
object again.
"""

import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from mock_server import codec
from mock_server.pages import Page, Window
from mock_server.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.scenario import Scenario
from mock_server.sqlite_file import Execute, SqliteFile
from mock_server.store import Bound, Entry

_RUN = "id, version, scenario, record"
_REMEMBERED = 4096
_LOOKS = 100
"""So many times, while the bound's number of runs is added, a process looks whether there are too many."""
_PATIENCE = 8
"""So many runs are looked at for each that is to go."""
_CHANGES_KEPT = 10_000


class SqliteStore:
    """A store in a file. `world` tells apart the mocks that share it."""

    def __init__(self, path: Path, bound: Bound | None = None, world: str = "") -> None:
        self._file = SqliteFile(path, world)
        self._bound, self._world = bound, world
        self._scenarios: dict[str, Scenario] = {}
        self._keys: dict[Scenario, str] = {}
        self._decoded: OrderedDict[str, RunRecord] = OrderedDict()
        self._added = 0
        self._last_change = 0

    def check(self) -> None:
        """Raise `ValueError`, one line, if the file cannot be used; leave it closed."""
        try:
            self._file.database.execute("SELECT 1 FROM entries LIMIT 1")
        except sqlite3.Error as error:
            raise ValueError(
                f"--store: {self._file.path}: {error}; name a file that can be written"
            ) from None
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    async def clear(self) -> None:
        """Forget everything."""

        def clear(execute: Execute) -> None:
            execute("DELETE FROM entries WHERE world = ?", (self._world,))
            execute("DELETE FROM threads WHERE world = ?", (self._world,))

        await self._file.write(clear)

    async def add_thread(self, thread: ThreadRecord) -> bool:
        """Keep a new thread; False if there is one of this id."""
        values = (self._world, thread.id, thread.version, thread.dataset_id, codec.thread_bytes(thread))
        query = "INSERT OR IGNORE INTO threads (world, id, version, dataset, record) VALUES (?, ?, ?, ?, ?)"
        return await self._file.write(lambda execute: execute(query, values).rowcount == 1)

    async def add_message(self, message: MessageRecord) -> None:
        """Keep a new message of a thread that is there."""

        def add(execute: Execute) -> None:
            self._add(execute, (message.id, message.thread_id, 0, 0, "", codec.message_bytes(message)))
            if message.role == "user":
                execute(
                    "UPDATE threads SET last_words = ? WHERE world = ? AND id = ?",
                    (message.words(), self._world, message.thread_id),
                )

        await self._file.write(add)

    async def add_run(self, run: RunRecord, behind: str | None = None) -> bool:
        """Keep a new run; False if `behind` is given and not the id of its thread's last run."""
        key = await self._key(run.scenario)

        def add(execute: Execute) -> bool:
            if behind is not None and behind != self._last_run_id(run.thread_id):
                return False
            self._add(execute, (run.id, run.thread_id, 1, run.version, key, codec.run_bytes(run)))
            self._added += 1
            if self._bound and self._added % (1 + self._bound.most_runs // _LOOKS) == 0:
                self._keep_within(execute, self._bound)
            return True

        added = await self._file.write(add)
        if added:
            self._remember(run)
        return added

    def _add(self, execute: Execute, values: tuple[str, str, int, int, str, bytes]) -> None:
        execute(
            "INSERT INTO entries (world, id, thread, is_run, version, scenario, record)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._world, *values),
        )

    def _last_run_id(self, thread_id: str) -> str:
        row = self._file.one(
            "SELECT id FROM entries WHERE world = ? AND thread = ? AND is_run = 1"
            " ORDER BY number DESC LIMIT 1",
            thread_id,
        )
        return row[0] if row else ""

    def _keep_within(self, execute: Execute, bound: Bound) -> None:
        """Forget as many of the oldest runs that are over as there are too many."""
        (runs,) = self._file.one("SELECT count(*) FROM entries WHERE world = ? AND is_run")
        surplus = max(runs - bound.most_runs, 0)
        rows = execute(
            f"SELECT number, {_RUN} FROM entries NOT INDEXED WHERE world = ? AND is_run"
            " ORDER BY number LIMIT ?",
            (self._world, surplus * _PATIENCE),
        )
        over = ((number, run) for number, *row in rows.fetchall() if bound.over(run := self._run(*row)))
        for number, run in islice(over, surplus):
            self._forget(execute, number, run)
            bound.forgotten(run.id)
        execute("DELETE FROM changes WHERE number < (SELECT max(number) FROM changes) - ?", (_CHANGES_KEPT,))

    def _forget(self, execute: Execute, number: int, run: RunRecord) -> None:
        """Forget a run, and its thread if that has no other run and nothing came after."""
        thread = (self._world, run.thread_id)
        execute("DELETE FROM entries WHERE number = ?", (number,))
        kept = "SELECT 1 FROM entries WHERE world = ? AND thread = ? AND (is_run = 1 OR number > ?) LIMIT 1"
        if execute(kept, (*thread, number)).fetchone() is None:
            execute("DELETE FROM entries WHERE world = ? AND thread = ?", thread)
            execute("DELETE FROM threads WHERE world = ? AND id = ?", thread)

    async def replace_thread(self, old: ThreadRecord, new: ThreadRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one."""
        values = (new.version, codec.thread_bytes(new), self._world, old.id, old.version)
        query = "UPDATE threads SET version = ?, record = ? WHERE world = ? AND id = ? AND version = ?"
        return await self._file.write(lambda execute: execute(query, values).rowcount == 1)

    async def replace_run(self, old: RunRecord, new: RunRecord) -> bool:
        """Keep the new version; False if `old` is no longer the current one. Other processes are told."""
        values = (new.version, codec.run_bytes(new), self._world, old.id, old.version)
        query = "UPDATE entries SET version = ?, record = ? WHERE world = ? AND id = ? AND version = ?"

        def replace(execute: Execute) -> bool:
            execute("INSERT INTO changes (run) VALUES (?)", (new.id,))
            return execute(query, values).rowcount == 1

        replaced = await self._file.write(replace)
        if replaced:
            self._remember(new)
        return replaced

    def changes(self) -> Sequence[str]:
        """The ids of runs that were changed, by whatever process, since this was last asked."""
        query = "SELECT number, run FROM changes WHERE number > ?"
        rows = self._file.database.execute(query, (self._last_change,)).fetchall()
        if rows:
            self._last_change = rows[-1][0]
        return [run_id for _, run_id in rows]

    async def thread(self, thread_id: str) -> ThreadRecord | None:
        """A thread."""
        row = self._file.one("SELECT record FROM threads WHERE world = ? AND id = ?", thread_id)
        return codec.thread(row[0]) if row else None

    async def message(self, message_id: str) -> MessageRecord | None:
        """A message that a client posted."""
        row = self._file.one(
            "SELECT record FROM entries WHERE world = ? AND id = ? AND NOT is_run", message_id
        )
        return codec.message(row[0]) if row else None

    async def run(self, run_id: str) -> RunRecord | None:
        """A run."""
        row = self._file.one(f"SELECT {_RUN} FROM entries WHERE world = ? AND id = ? AND is_run", run_id)
        return self._run(*row) if row else None

    async def last_words(self, thread_id: str) -> str:
        """What the user said last in a thread."""
        row = self._file.one("SELECT last_words FROM threads WHERE world = ? AND id = ?", thread_id)
        return row[0] if row else ""

    async def last_run(self, thread_id: str) -> RunRecord | None:
        """The run of a thread that was created last."""
        row = self._file.one(
            f"SELECT {_RUN} FROM entries WHERE world = ? AND thread = ? AND is_run = 1"
            " ORDER BY number DESC LIMIT 1",
            thread_id,
        )
        return self._run(*row) if row else None

    async def threads(self, window: Window, dataset_id: str) -> Page[ThreadRecord]:
        """A page of all threads, or of those of a dataset. Raises `UnknownCursorError`."""
        which = ("dataset = ? AND dataset != ''", dataset_id) if dataset_id else ("1",)
        rows, more = self._file.page("record", "threads", which, window)
        return Page(tuple(codec.thread(record) for (record,) in rows), more)

    async def runs(self, thread_id: str, window: Window) -> Page[RunRecord]:
        """A page of a thread's runs. Raises `UnknownCursorError`."""
        rows, more = self._file.page(_RUN, "entries", ("thread = ? AND is_run = 1", thread_id), window)
        return Page(tuple(self._run(*row) for row in rows), more)

    async def position(self, thread_id: str, entry_id: str) -> int | None:
        """Where in a thread a message or run stands."""
        row = self._file.one(
            "SELECT number FROM entries WHERE world = ? AND id = ? AND thread = ?", entry_id, thread_id
        )
        return row[0] if row else None

    async def entries(
        self, thread_id: str, start: str, count: int, ascending: bool
    ) -> Sequence[tuple[int, Entry]]:
        """So many messages and runs of a thread with their positions, oldest or newest first."""
        first = await self.position(thread_id, start) if start else None
        if start and first is None:
            return []
        side, order = (">=", "ASC") if ascending else ("<=", "DESC")
        # Two walks along one index, merged: nothing is sorted, nothing is read that is not on the page.
        kind = (
            f"SELECT number, is_run, {_RUN} FROM entries WHERE world = ?1 AND thread = ?2 AND is_run = {{}}"
            f" AND (?3 IS NULL OR number {side} ?3)"
        )
        query = f"{kind.format(0)} UNION ALL {kind.format(1)} ORDER BY number {order} LIMIT ?4"
        rows = self._file.database.execute(query, (self._world, thread_id, first, count))
        return [
            (number, self._run(*row) if is_run else codec.message(row[-1])) for number, is_run, *row in rows
        ]

    async def _key(self, scenario: Scenario) -> str:
        """The key of a scenario, which is kept if it is new."""
        if scenario not in self._keys:
            data = codec.scenario_bytes(scenario)
            key = hashlib.sha256(data).hexdigest()
            query = "INSERT OR IGNORE INTO scenarios VALUES (?, ?)"
            await self._file.write(lambda execute: execute(query, (key, data)))
            self._keys[scenario], self._scenarios[key] = key, scenario
        return self._keys[scenario]

    def _run(self, run_id: str, version: int, key: str, data: bytes) -> RunRecord:
        """A run as it was read: the same object as long as it is the same version."""
        known = self._decoded.get(run_id)
        if known is not None and known.version == version:
            return known
        if key not in self._scenarios:
            (written,) = self._file.one("SELECT scenario FROM scenarios WHERE ? IS NOT NULL AND key = ?", key)
            self._scenarios[key] = codec.scenario(written)
        return self._remember(codec.run(data, self._scenarios[key]))

    def _remember(self, run: RunRecord) -> RunRecord:
        self._decoded[run.id] = run
        if len(self._decoded) > _REMEMBERED:
            self._decoded.popitem(last=False)
        return run
