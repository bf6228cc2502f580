"""How do several processes use one LMDB file at once?

Readers read the mapped pages and never wait. One writer at a time holds the lock, for microseconds. A full
file is made larger.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import lmdb

from mock_server.errors import Refusal
from mock_server.storage.lmdb import file_format
from mock_server.storage.lmdb.keys import FORMAT_KEY, NUMBER, DamagedError
from mock_server.storage.lmdb.lock import ProcessLock

Result = TypeVar("Result")

FIRST_SIZE = 16 << 20
"""Bytes of a new file. A full file is made twice as large."""
PRIVATE = 0o600
"""The mode of the file and its companions: only the owner can read and write them."""
_LAST = b"\xff" * NUMBER.size


class Cursor(Protocol):
    """A position among the sorted keys. Each move tells whether a key was found."""

    def key(self) -> bytes:
        """The key at the position; empty if there is none."""

    def set_range(self, key: bytes) -> bool:
        """Move to the first key that is not smaller."""

    def next(self) -> bool:
        """Move to the next key."""

    def prev(self) -> bool:
        """Move to the previous key."""

    def last(self) -> bool:
        """Move to the last key."""

    def delete(self) -> bool:
        """Delete the key at the position, and move to the one after it."""


class Transaction(Protocol):
    """The part of an LMDB transaction that the mock uses; LMDB's own type allows other buffers than bytes."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key."""

    def put(self, key: bytes, value: bytes, *, overwrite: bool = True) -> bool:
        """Set the value of a key; False if it has one and `overwrite` is False."""

    def delete(self, key: bytes) -> bool:
        """Delete a key."""

    def cursor(self) -> Cursor:
        """A cursor, which has no position yet."""


@dataclass
class _Opened:
    environment: lmdb.Environment
    lock: ProcessLock
    users: int = 0


_opened: dict[tuple[int, Path], _Opened] = {}
"""Open files by process id and path. LMDB allows a file to be opened once in a process, and not inherited."""


class LmdbFile:
    """A file of sorted keys with values, opened at the first use. Raises `lmdb.Error`, `OSError`.

    `on_undo` is called when writes have been undone and are about to be repeated.
    """

    def __init__(
        self, path: Path, first_size: int = FIRST_SIZE, on_undo: Callable[[], object] = lambda: None
    ) -> None:
        self.path = path
        self._first_size, self._on_undo = first_size, on_undo
        self._waiting: list[tuple[Callable[[Transaction], Any], asyncio.Future[Any]]] = []

    @property
    def _id(self) -> tuple[int, Path]:
        return os.getpid(), self.path.resolve()

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}-turn")

    def check(self) -> None:
        """Reject a file that is not a store, unless this process has it open. Raises `FormatError`."""
        if self._id not in _opened:
            file_format.check(self.path, self._lock_path)

    @cached_property
    def _shared(self) -> _Opened:
        opened = _opened.get(self._id)
        if opened is None:
            opened = _opened[self._id] = self._open()
        opened.users += 1
        return opened

    def _open(self) -> _Opened:
        # LMDB would create a lock file beside a file that is not its own.
        file_format.check_head(self.path)
        lock = ProcessLock(self._lock_path)
        try:
            with lock:
                size = max(self._first_size, self.path.stat().st_size if self.path.exists() else 0)
                # Without sync, a crash of the machine loses data; a crash of the process does not.
                environment = lmdb.open(
                    str(self.path),
                    subdir=False,
                    map_size=size,
                    mode=PRIVATE,
                    writemap=True,
                    sync=False,
                    metasync=False,
                )
                self._allocate(size)
                _begin(environment)
        except BaseException:
            lock.close()
            raise
        environment.reader_check()
        return _Opened(environment, lock)

    def close(self) -> None:
        """Close the file, unless something else in this process still uses it."""
        opened = self.__dict__.pop("_shared", None)
        if opened is None:
            return
        opened.users -= 1
        if not opened.users:
            del _opened[next(key for key, one in _opened.items() if one is opened)]
            opened.environment.close()
            opened.lock.close()

    def read(self, work: Callable[[Transaction], Result]) -> Result:
        """Run work in a read transaction; its result."""
        shared = self._shared
        while True:
            try:
                with shared.environment.begin() as transaction:
                    return work(transaction)
            except lmdb.MapResizedError:
                self._resize(shared, 0)

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Run work in a write transaction; its result. If the work raises an exception, nothing is written.

        If the file is full, it is made larger and the work is repeated. Raises `Refusal` if it cannot grow.
        """
        shared = self._shared
        while True:
            try:
                with shared.lock, shared.environment.begin(write=True) as transaction:
                    return work(transaction)
            except lmdb.MapResizedError:
                self._resize(shared, 0)
            except lmdb.MapFullError:
                self._on_undo()
                self._grow(shared)

    async def write_batched(self, work: Callable[[Transaction], Result]) -> Result:
        """Run work as `write` does, in one transaction with all other work of this event loop iteration.

        Work must not write anything before it raises an exception of its own.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._write_waiting)
        self._waiting.append((work, done))
        return await done

    def _write_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            results = self.write(lambda transaction: [_attempt(work, transaction) for work, _ in waiting])
        except Exception as error:
            results = [error] * len(waiting)
        for (_, done), result in zip(waiting, results, strict=True):
            if done.cancelled():
                continue
            if isinstance(result, Exception):
                done.set_exception(result)
            else:
                done.set_result(result)

    def _grow(self, shared: _Opened) -> None:
        try:
            self._resize(shared, 2 * shared.environment.info()["map_size"])
        except (OSError, lmdb.Error) as error:
            problem = f"the store {self.path} is full and cannot grow: {error}"
            raise Refusal("unavailable", f"{problem}; free some space, or lower --max-runs") from None

    def _resize(self, shared: _Opened, size: int) -> None:
        """Map the file at this size, or at its own if that is larger: a smaller map would truncate it."""
        with shared.lock:
            size = max(size, self.path.stat().st_size)
            self._allocate(size)
            shared.environment.set_mapsize(size)

    def _allocate(self, size: int) -> None:
        """Allocate the file's blocks: on a full disk, a write to a page without one would end the process."""
        with suppress(AttributeError), self.path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def _begin(environment: lmdb.Environment) -> None:
    """Write the format into a new file."""
    if not environment.stat()["entries"]:
        with environment.begin(write=True) as transaction:
            transaction.put(FORMAT_KEY, file_format.FORMAT)


def _attempt(work: Callable[[Transaction], Any], transaction: Transaction) -> Any:
    """The result of the work, or the exception that it raised. Errors of LMDB are raised."""
    try:
        return work(transaction)
    except lmdb.Error:
        raise
    except Exception as error:
        return error


def walk(transaction: Transaction, prefix: bytes, start: bytes | None, ascending: bool) -> Iterator[bytes]:
    """The numbers (8 bytes each) after a prefix in the keys, from `start` on, in one direction."""
    cursor, length = transaction.cursor(), len(prefix)
    found = cursor.set_range(prefix + (start or (b"" if ascending else _LAST)))
    if not ascending and not (found and cursor.key() == prefix + (start or _LAST)):
        found = cursor.prev() if found else cursor.last()
    while found and (key := cursor.key()).startswith(prefix):
        if len(key) != length + NUMBER.size:
            raise DamagedError(key, "the key has a wrong length")
        yield key[length:]
        found = cursor.next() if ascending else cursor.prev()


def delete_all(transaction: Transaction, prefix: bytes) -> None:
    """Delete every key that begins with a prefix."""
    cursor = transaction.cursor()
    found = cursor.set_range(prefix)
    while found and cursor.key().startswith(prefix):
        found = cursor.delete()
