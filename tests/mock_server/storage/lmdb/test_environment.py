"""Can several processes share a file that grows, and is every write atomic?"""

import asyncio
import errno
import fcntl
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from mock_server.errors import Refusal
from mock_server.storage.lmdb.environment import LmdbFile, Transaction, delete_all, walk
from mock_server.storage.lmdb.lock import ProcessLock

SMALL = 1 << 20
SPAWN = multiprocessing.get_context("spawn")


def put(key: bytes, size: int = 1) -> Any:
    """Work that sets a key to a value of this size."""
    return lambda transaction: transaction.put(key, bytes(size))


def size_of(key: bytes) -> Any:
    """Work that reads the size of a key's value."""
    return lambda transaction: len(transaction.get(key) or b"")


def test_a_full_file_grows(tmp_path: Path) -> None:
    file = LmdbFile(tmp_path / "store", SMALL)
    for number in range(20):
        file.write(put(b"%d" % number, 200_000))
    assert [file.read(size_of(b"%d" % number)) for number in range(20)] == [200_000] * 20
    file.close()
    assert (tmp_path / "store").stat().st_size >= 4 << 20


def _other(path: Path, pipe: Connection) -> None:
    """Another process: for each key it receives, it sends the size of the value."""
    file = LmdbFile(path, SMALL)
    while key := pipe.recv():
        if key == b"write":
            file.write(put(b"theirs", 7))
        pipe.send(file.read(size_of(key)))
    file.close()


def test_a_process_notices_that_another_one_made_the_file_larger(tmp_path: Path) -> None:
    file, (mine, theirs) = LmdbFile(tmp_path / "store", SMALL), SPAWN.Pipe()
    file.write(put(b"a", 5))
    other = SPAWN.Process(target=_other, args=(tmp_path / "store", theirs))
    other.start()
    mine.send(b"a")
    assert mine.recv() == 5
    for number in range(10):
        file.write(put(b"%d" % number, 300_000))
    mine.send(b"9")
    assert mine.recv() == 300_000
    for number in range(10, 20):
        file.write(put(b"%d" % number, 300_000))
    mine.send(b"write")
    mine.recv()
    assert file.read(size_of(b"theirs")) == 7
    mine.send(b"")
    other.join(30)
    assert other.exitcode == 0
    file.close()


def test_a_file_that_cannot_grow_rejects_writes_and_keeps_its_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = LmdbFile(tmp_path / "store", SMALL)
    file.write(put(b"kept", 9))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        with pytest.raises(
            Refusal, match=r"is full and cannot grow: .*No space left.*; free some space"
        ) as refusal:
            file.write(put(b"large", 3_000_000))
        assert refusal.value.status == 503
    assert file.read(size_of(b"kept")) == 9
    file.write(put(b"large", 3_000_000))
    file.close()


def test_a_callback_reports_that_work_is_undone_and_repeated(tmp_path: Path) -> None:
    undone: list[str] = []
    file = LmdbFile(tmp_path / "store", SMALL, lambda: undone.append("undone"))
    file.write(put(b"small"))
    assert undone == []
    file.write(put(b"large", 2_000_000))
    assert undone
    file.close()


def test_one_failure_does_not_affect_the_rest_of_a_batch(tmp_path: Path) -> None:
    file = LmdbFile(tmp_path / "store", SMALL)

    def refuse(_: Transaction) -> None:
        raise LookupError

    async def work() -> list[Any]:
        writes = [
            file.write_batched(put(b"a")),
            file.write_batched(refuse),
            file.write_batched(put(b"b", 2_000_000)),
        ]
        return await asyncio.gather(*writes, return_exceptions=True)

    first, second, third = asyncio.run(work())
    assert (first, type(second), third) == (True, LookupError, True)
    assert (file.read(size_of(b"a")), file.read(size_of(b"b"))) == (1, 2_000_000)
    file.close()


def test_a_broken_transaction_fails_the_whole_batch(tmp_path: Path) -> None:
    file = LmdbFile(tmp_path / "store", SMALL)

    async def work() -> list[Any]:
        writes = [file.write_batched(put(b"a")), file.write_batched(put(b"k" * 1000))]
        return await asyncio.gather(*writes, return_exceptions=True)

    assert [type(result).__name__ for result in asyncio.run(work())] == ["BadValsizeError"] * 2
    assert file.read(size_of(b"a")) == 0
    file.close()


def test_a_cancelled_write_does_not_affect_the_rest_of_a_batch(tmp_path: Path) -> None:
    file = LmdbFile(tmp_path / "store", SMALL)

    async def work() -> Any:
        left = asyncio.ensure_future(file.write_batched(put(b"a")))
        stays = asyncio.ensure_future(file.write_batched(put(b"b")))
        await asyncio.sleep(0)
        left.cancel()
        return await stays

    assert asyncio.run(work())
    assert file.read(size_of(b"b")) == 1
    file.close()


def test_keys_are_walked_from_any_start_in_both_directions(tmp_path: Path) -> None:
    file = LmdbFile(tmp_path / "store", SMALL)
    numbers = [bytes([0, 0, 0, 0, 0, 0, 0, number]) for number in (1, 3, 5)]
    for prefix in (b"a", b"b", b"c"):
        for number in numbers:
            file.write(put(prefix + number))

    def found(start: bytes | None, ascending: bool) -> list[int]:
        return file.read(lambda transaction: [key[-1] for key in walk(transaction, b"b", start, ascending)])

    for start, up, down in (
        (None, [1, 3, 5], [5, 3, 1]),
        (numbers[1], [3, 5], [3, 1]),
        (bytes(7) + b"\x04", [5], [3, 1]),
        (bytes(8), [1, 3, 5], []),
    ):
        assert (found(start, True), found(start, False)) == (up, down), start
    file.write(lambda transaction: delete_all(transaction, b"b"))
    assert (found(None, True), found(None, False)) == ([], [])
    assert file.read(lambda transaction: len(list(walk(transaction, b"c", None, True)))) == 3
    file.close()


def test_a_file_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear reader, " * 200)
    with pytest.raises(Exception, match="found no LMDB file"):
        LmdbFile(tmp_path / "letter").write(put(b"a"))
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


def test_one_process_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    mine, theirs = ProcessLock(tmp_path / "lock"), ProcessLock(tmp_path / "lock")
    began, order = Event(), []

    def other() -> None:
        began.set()
        with theirs:
            order.append("theirs")

    with mine:
        thread = Thread(target=other)
        thread.start()
        began.wait(10)
        with (tmp_path / "lock").open("rb") as third, pytest.raises(BlockingIOError):
            fcntl.flock(third, fcntl.LOCK_EX | fcntl.LOCK_NB)
        order.append("mine")
    thread.join(10)
    assert order == ["mine", "theirs"]
    for lock in (mine, theirs):
        lock.close()


def _die(path: Path) -> None:
    with ProcessLock(path):
        os._exit(1)


def test_a_process_that_dies_releases_the_lock(tmp_path: Path) -> None:
    other = SPAWN.Process(target=_die, args=(tmp_path / "lock",))
    other.start()
    other.join(30)
    with ProcessLock(tmp_path / "lock"):
        assert other.exitcode == 1
