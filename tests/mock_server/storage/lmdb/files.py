"""Which files do the tests of LMDB stores use?"""

import pickle
from pathlib import Path
from typing import Any

import lmdb

from mock_server.simulation.records import RunRecord, ThreadRecord
from mock_server.simulation.scenario import Scenario
from mock_server.storage.lmdb.keys import COUNTS, SCENARIOS, Keys, digest


class Payload:
    """Creates a file when it is unpickled, like a hostile pickle."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self._path,))


def hostile(path: Path) -> bytes:
    """A pickle that creates a file at the path when it is loaded."""
    data = pickle.dumps(Payload(path))
    pickle.loads(data)
    assert path.exists()
    path.unlink()
    return data


def edit(path: Path, changes: dict[bytes, bytes | None]) -> None:
    """Set or delete keys of an LMDB file directly."""
    with open_raw(path) as environment, environment.begin(write=True) as transaction:
        for key, value in changes.items():
            if value is None:
                transaction.delete(key)
            else:
                transaction.put(key, value)


def contents(path: Path) -> dict[bytes, bytes]:
    """All keys of an LMDB file with their values."""
    with open_raw(path) as environment, environment.begin() as transaction:
        return {bytes(key): bytes(value) for key, value in transaction.cursor()}


def open_raw(path: Path) -> lmdb.Environment:
    """An LMDB file, opened without the mock."""
    return lmdb.open(str(path), subdir=False, map_size=16 << 20, lock=False)


def former_store(path: Path, scenario: Scenario) -> None:
    """Create a file of format 1, in which scenarios are pickled."""
    keys, pickled = Keys(""), pickle.dumps(scenario)
    edit(
        path,
        {
            keys.counts: COUNTS.pack(1, 1),
            keys.threads + bytes(8): b'["t",0,"",{},null,"",0]',
            SCENARIOS + digest(pickled): pickled,
        },
    )


def thread(name: str) -> ThreadRecord:
    """A thread."""
    return ThreadRecord(name, 0)


def run_of(thread_id: str, number: int, scenario: Scenario) -> RunRecord:
    """A run of a thread."""
    return RunRecord(f"run_00000000-0000-4000-8000-{number:012x}", thread_id, 0, scenario, "server", "m")
