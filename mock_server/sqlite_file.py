"""How is one SQLite file used by several processes at once?

Who is second to write waits for a lock of the system until the first is done: SQLite's own waiting sleeps for
milliseconds where microseconds do.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from mock_server.line import UnknownCursorError
from mock_server.pages import Window

Execute = Callable[..., sqlite3.Cursor]
Result = TypeVar("Result")
Which = tuple[str, ...]
"""A condition, and the values for its question marks."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS threads (
    number INTEGER PRIMARY KEY, world TEXT, id TEXT, version INTEGER, dataset TEXT,
    last_words TEXT DEFAULT '', record BLOB, UNIQUE (world, id)
);
CREATE INDEX IF NOT EXISTS threads_in_order ON threads (world, number);
CREATE INDEX IF NOT EXISTS threads_of_dataset ON threads (world, dataset, number) WHERE dataset != '';
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, world TEXT, id TEXT, thread TEXT, is_run INTEGER, version INTEGER,
    scenario TEXT, record BLOB, UNIQUE (world, id)
);
CREATE INDEX IF NOT EXISTS entries_of_thread ON entries (world, thread, is_run, number);
CREATE TABLE IF NOT EXISTS scenarios (key TEXT PRIMARY KEY, scenario BLOB);
CREATE TABLE IF NOT EXISTS changes (number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT);
"""
_PATIENCE = 30.0


class SqliteFile:
    """What one mock, called `world`, keeps in a file that other mocks and other processes share."""

    def __init__(self, path: Path, world: str) -> None:
        self.path, self._world = path, world
        self._waiting: list[tuple[Callable[[Execute], Any], asyncio.Future[Any]]] = []

    @cached_property
    def database(self) -> sqlite3.Connection:
        """Opened at the first use, since a connection must not be carried into another process."""
        database = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        # A process that dies loses nothing this way; only a machine that dies could.
        database.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {SCHEMA}")
        return database

    @cached_property
    def _turn(self) -> int:
        return os.open(f"{self.path}-turn", os.O_CREAT | os.O_RDWR, 0o600)

    def close(self) -> None:
        """Close the file."""
        if "database" in self.__dict__:
            self.database.close()
            del self.__dict__["database"]
        if "_turn" in self.__dict__:
            os.close(self._turn)
            del self.__dict__["_turn"]

    async def write(self, work: Callable[[Execute], Result]) -> Result:
        """What the work gives, done in a transaction with whatever else is to be written at the moment."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._write_all)
        self._waiting.append((work, done))
        return await done

    def _write_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            with self.writing() as execute:
                results = [work(execute) for work, _ in waiting]
        except BaseException as error:
            for _, done in waiting:
                if not done.cancelled():
                    done.set_exception(error)
            return
        for (_, done), result in zip(waiting, results, strict=True):
            if not done.cancelled():
                done.set_result(result)

    @contextmanager
    def writing(self) -> Iterator[Execute]:
        """One transaction that writes, once it is this process's turn."""
        execute, turn = self.database.execute, self._turn
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            execute("BEGIN IMMEDIATE")
            try:
                yield execute
            except BaseException:
                execute("ROLLBACK")
                raise
            execute("COMMIT")
        finally:
            fcntl.flock(turn, fcntl.LOCK_UN)

    def one(self, query: str, *values: Any) -> Any:
        """The first row of an answer."""
        return self.database.execute(query, (self._world, *values)).fetchone()

    def page(self, columns: str, table: str, which: Which, window: Window) -> tuple[list[Any], bool]:
        """The rows on a page in the order asked for, and whether there are more."""
        ascending = window.ascending is not window.backwards
        conditions, values = ["world = ?", which[0]], [self._world, *which[1:]]
        for parameter, cursor, later in (
            ("after", window.after, window.ascending),
            ("before", window.before, not window.ascending),
        ):
            if cursor:
                conditions.append(f"number {'>' if later else '<'} ?")
                values.append(self._cursor(table, which, parameter, cursor))
        rows = self.database.execute(
            f"SELECT {columns} FROM {table} WHERE {' AND '.join(conditions)}"
            f" ORDER BY number {'ASC' if ascending else 'DESC'} LIMIT ?",
            (*values, window.limit + 1),
        ).fetchall()
        page = rows[: window.limit]
        return page[::-1] if window.backwards else page, len(rows) > window.limit

    def _cursor(self, table: str, which: Which, parameter: str, cursor: str) -> Any:
        query = f"SELECT number FROM {table} WHERE world = ? AND id = ? AND {which[0]}"
        row = self.one(query, cursor, *which[1:])
        if row is None:
            raise UnknownCursorError(parameter, cursor)
        return row[0]
