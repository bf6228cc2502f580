"""Is a file a store, and which format does it have?

The key `tunemock` holds the number of the format. A file without this key, or with another number, is
rejected. The check does not change the file, and creates no other file.
"""

import stat
from pathlib import Path

import lmdb

from mock_server.storage.lmdb import integrity
from mock_server.storage.lmdb.keys import FORMAT_KEY, SCENARIOS, Keys
from mock_server.storage.lmdb.lock import ProcessLock

FORMAT = b"2"
"""The format that this version reads and writes. Format 1 had no number and held pickled scenarios."""

_OTHER = "name another file"
_PICKLED = b"\x80"
"""The first byte of every pickled scenario."""


class FormatError(ValueError):
    """The file is not a store of this format: what was found, and the next step."""


def check(path: Path, lock_path: Path) -> None:
    """Reject a file that is not a store of this format. Raises `FormatError`, `OSError`.

    A missing or empty file becomes a new store. If the lock file exists, another process may use the store,
    so the lock is held during the check.
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
    """Reject a file whose first bytes are not those of LMDB. Raises `FormatError`, `OSError`."""
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
    # LMDB can read the file now. Opened read-only and without a lock, it writes nothing.
    with lmdb.open(str(path), subdir=False, readonly=True, lock=False, create=False) as environment:
        problem = _problem(environment)
    if problem:
        raise FormatError(problem)


def _problem(environment: lmdb.Environment) -> str:
    """Why a file is rejected; empty if it is new or has the current format."""
    with environment.begin() as transaction:
        found = transaction.get(FORMAT_KEY)
        if found == FORMAT or not environment.stat()["entries"]:
            return ""
        if found is not None:
            digits = bytes(found)
            number = digits.decode() if digits.isdigit() and len(digits) < 10 else "unknown"
            next_step = f"start the version that wrote it, or {_OTHER}"
            return f"has format {number}; this tune-mock reads format 2; {next_step}"
        if _has_format_1(transaction):
            return f"has format 1, of an earlier tune-mock; this one reads format 2; delete it, or {_OTHER}"
    return f"is not a store: found an LMDB file of another program; {_OTHER}"


def _has_format_1(transaction: lmdb.Transaction) -> bool:
    cursor = transaction.cursor()
    scenario = cursor.set_range(SCENARIOS) and bytes(cursor.key()).startswith(SCENARIOS)
    pickled = scenario and bytes(cursor.value()).startswith(_PICKLED)
    return bool(pickled or transaction.get(Keys("").counts))
