"""Which format does a file have, and is it a store at all?

The key `tunemock` holds the number of the format. A file without that key, or with another number, is
refused. Nothing is written to it, and no file is made beside it.
"""

import stat
from pathlib import Path

import lmdb

from mock_server.storage.lmdb import integrity
from mock_server.storage.lmdb.keys import FORMAT_KEY, SCENARIOS, Keys
from mock_server.storage.lmdb.lock import ProcessLock

FORMAT = b"2"
"""The format that this version reads and writes. Format 1 had no number, and held pickled scenarios."""

_OTHER = "name another file"
_PICKLED = b"\x80"
"""The first byte of every pickled scenario."""


class FormatError(ValueError):
    """The file is not a store of this format: what was found, and what to do next."""


def check(path: Path, lock_path: Path) -> None:
    """Refuse a file that is not a store of this format. Raises `FormatError`, `OSError`.

    A file that is missing or empty will be a new store. If the lock file is there, another process may be
    using the store; it cannot write during the check.
    """
    if not path.exists():
        return
    if not stat.S_ISREG(path.stat().st_mode):
        raise FormatError(f"is not a store: found something other than a regular file; {_OTHER}")
    if not path.stat().st_size:
        return
    if not lock_path.is_file():
        _check(path)
        return
    lock = ProcessLock(lock_path)
    try:
        with lock:
            _check(path)
    finally:
        lock.close()


def check_head(path: Path) -> None:
    """Refuse a file that is not LMDB's, from its first bytes. Raises `FormatError`, `OSError`."""
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if not integrity.is_lmdb(file.read(integrity.HEAD_SIZE)):
                raise FormatError(f"is not a store: found no LMDB file; {_OTHER}")


def _check(path: Path) -> None:
    check_head(path)
    with path.open("rb") as file:
        try:
            integrity.check(file)
        except integrity.PageError as error:
            raise FormatError(f"is a damaged file: {error}; restore a copy of it, or {_OTHER}") from None
    # Now LMDB can read it. Without a lock and read-only, it leaves no trace.
    with lmdb.open(str(path), subdir=False, readonly=True, lock=False, create=False) as environment:
        found = _format(environment)
    if found != FORMAT.decode():
        raise FormatError(found)


def _format(environment: lmdb.Environment) -> str:
    """The format of a file that is new or of this format; for other files, why they are refused."""
    with environment.begin() as transaction:
        found = transaction.get(FORMAT_KEY)
        if found is not None:
            return _known(bytes(found))
        if not environment.stat()["entries"]:
            return FORMAT.decode()
        cursor = transaction.cursor()
        scenario = cursor.set_range(SCENARIOS) and bytes(cursor.key()).startswith(SCENARIOS)
        if (scenario and bytes(cursor.value()).startswith(_PICKLED)) or transaction.get(Keys("").counts):
            return f"has format 1, of an earlier tune-mock; this one reads format 2; delete it, or {_OTHER}"
    return f"is not a store: found an LMDB file of another program; {_OTHER}"


def _known(found: bytes) -> str:
    if found == FORMAT:
        return FORMAT.decode()
    number = found.decode() if found.isdigit() and len(found) < 10 else "unknown"
    return f"has format {number}; this tune-mock reads format 2; start the version that wrote it, or {_OTHER}"
