"""How is one LMDB file used by several processes at once?

Readers look at the file's pages in memory and wait for nobody; those who write take turns of some
microseconds. The file grows as it fills.
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
from mock_server.storage.lmdb.lock import ProcessLock

Result = TypeVar("Result")


class Cursor(Protocol):
    """A place among the keys; each move tells whether there is something."""

    def key(self) -> bytes:
        """The key at the place; empty if there is none."""

    def set_range(self, key: bytes) -> bool:
        """Go to the first key that is not smaller."""

    def next(self) -> bool:
        """Go to the next key."""

    def prev(self) -> bool:
        """Go to the key before."""

    def last(self) -> bool:
        """Go to the last key."""

    def delete(self) -> bool:
        """Delete what is at the place, and go to what follows."""


class Transaction(Protocol):
    """What the mock does with a transaction of LMDB: a type, since LMDB's own allow for views of memory."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key."""

    def put(self, key: bytes, value: bytes, *, overwrite: bool = True) -> bool:
        """Keep a value; False if there is one that was not to be overwritten."""

    def delete(self, key: bytes) -> bool:
        """Forget a key."""

    def cursor(self) -> Cursor:
        """A place among the keys."""


FIRST_SIZE = 16 << 20
"""Bytes that a new file takes; a full one is made twice as large."""
_LAST = b"\xff" * 8
_MAGIC, _LMDB = slice(16, 20), bytes.fromhex("BEEFC0DE")
"""Where LMDB says that a file is its own, and how."""


@dataclass
class _Opened:
    environment: lmdb.Environment
    turn: ProcessLock
    users: int = 0


_opened: dict[tuple[int, Path], _Opened] = {}
"""By process and path: LMDB wants a file opened once in a process, and not carried into another one."""


class LmdbFile:
    """A file of sorted keys with their values; opened at the first use. Raises `lmdb.Error`, `OSError`.

    `undone` is told when what work has written is undone, before it is done anew.
    """

    def __init__(
        self, path: Path, first_size: int = FIRST_SIZE, undone: Callable[[], object] = lambda: None
    ) -> None:
        self.path = path
        self._first_size, self._undone = first_size, undone
        self._waiting: list[tuple[Callable[[Transaction], Any], asyncio.Future[Any]]] = []

    @cached_property
    def _shared(self) -> _Opened:
        place = (os.getpid(), self.path.resolve())
        if place not in _opened:
            _opened[place] = self._open()
        _opened[place].users += 1
        return _opened[place]

    def _open(self) -> _Opened:
        self._refuse_what_is_none()
        turn = ProcessLock(self.path.with_name(f"{self.path.name}-turn"))
        try:
            with turn:
                size = max(self._first_size, self.path.stat().st_size if self.path.exists() else 0)
                # A process that dies loses nothing without sync; only a machine that dies could.
                environment = lmdb.open(
                    str(self.path), subdir=False, map_size=size, writemap=True, sync=False, metasync=False
                )
                self._take_room(size)
        except BaseException:
            turn.close()
            raise
        environment.reader_check()
        return _Opened(environment, turn)

    def _refuse_what_is_none(self) -> None:
        """Leave a file alone that is somebody's else; LMDB would put a lock beside it first."""
        if self.path.is_file():
            with self.path.open("rb") as file:
                head = file.read(_MAGIC.stop)
            if head and head[_MAGIC] not in (_LMDB, _LMDB[::-1]):
                raise lmdb.InvalidError("it is something else than a store")

    def close(self) -> None:
        """Close the file, unless another of this process still uses it."""
        opened = self.__dict__.pop("_shared", None)
        if opened is None:
            return
        opened.users -= 1
        if not opened.users:
            del _opened[next(place for place, one in _opened.items() if one is opened)]
            opened.environment.close()
            opened.turn.close()

    def read(self, work: Callable[[Transaction], Result]) -> Result:
        """What the work gives, done on the file as it is at one moment."""
        shared = self._shared
        while True:
            try:
                with shared.environment.begin() as transaction:
                    return work(transaction)
            except lmdb.MapResizedError:
                self._resize(shared, 0)

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """What the work gives, done as one; nothing of it if it raises. It is done anew in a file that grew.

        Raises `Refusal` if the file is full and cannot grow.
        """
        shared = self._shared
        while True:
            try:
                with shared.turn, shared.environment.begin(write=True) as transaction:
                    return work(transaction)
            except lmdb.MapResizedError:
                self._resize(shared, 0)
            except lmdb.MapFullError:
                self._undone()
                self._grow(shared)

    async def write_soon(self, work: Callable[[Transaction], Result]) -> Result:
        """The same, in one transaction with what else is to be written in this turn of the event loop.

        Work that raises something of its own must not have written anything before.
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
            results = self.write(lambda transaction: [_tried(work, transaction) for work, _ in waiting])
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
            raise Refusal("unavailable", f"{problem}; make room, or keep fewer --max-runs") from None

    def _resize(self, shared: _Opened, size: int) -> None:
        """Take the file as large as it is, or make it so large; one that took it smaller would cut it off."""
        with shared.turn:
            size = max(size, self.path.stat().st_size)
            self._take_room(size)
            shared.environment.set_mapsize(size)

    def _take_room(self, size: int) -> None:
        """Let the file have its blocks: a page without one would end the process on a full disk."""
        with suppress(AttributeError), self.path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)


def _tried(work: Callable[[Transaction], Any], transaction: Transaction) -> Any:
    """What the work gives, or what it raised by itself."""
    try:
        return work(transaction)
    except lmdb.Error:
        raise
    except Exception as error:
        return error


def walk(transaction: Transaction, prefix: bytes, start: bytes | None, ascending: bool) -> Iterator[bytes]:
    """The 8 bytes that follow a prefix in the keys, from `start` on, in one direction."""
    cursor, length = transaction.cursor(), len(prefix)
    found = cursor.set_range(prefix + (start or (b"" if ascending else _LAST)))
    if not ascending and not (found and cursor.key() == prefix + (start or _LAST)):
        found = cursor.prev() if found else cursor.last()
    while found and cursor.key().startswith(prefix):
        yield cursor.key()[length:]
        found = cursor.next() if ascending else cursor.prev()


def delete_all(transaction: Transaction, prefix: bytes) -> None:
    """Delete every key that begins with a prefix."""
    cursor = transaction.cursor()
    found = cursor.set_range(prefix)
    while found and cursor.key().startswith(prefix):
        found = cursor.delete()
