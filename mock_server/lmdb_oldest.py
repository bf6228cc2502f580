"""How many runs does an LMDB file hold, and which are the oldest, to be forgotten when there are too many?

To count each run as it comes would cost as much as to keep it: a process counts some at a time.
"""

from collections.abc import Callable, Sequence
from itertools import islice

from mock_server.lmdb_file import LmdbFile, Transaction, walk
from mock_server.lmdb_keys import COUNTS, NUMBER, PLACE
from mock_server.lmdb_records import Records, after_last, held
from mock_server.records import RunRecord
from mock_server.store import Bound

_BATCH = 16
"""After so many new runs, or a hundredth of a small bound, a process counts them."""
_PATIENCE = 8
"""So many runs are looked at for each that is to go."""


Found = dict[bytes, dict[bytes, RunRecord | None]]
"""Runs by their places, by the number of the batch they were counted in."""


class Oldest:
    """The runs of one mock in the order they were counted."""

    def __init__(self, records: Records) -> None:
        self._records, self._keys = records, records.keys

    def count(self, transaction: Transaction, places: Sequence[bytes]) -> None:
        """Count new runs, in the order they were created."""
        following, runs = self._records.counts(transaction)
        transaction.put(self._keys.counts, COUNTS.pack(following, runs + len(places)))
        number = NUMBER.pack(after_last(transaction, self._keys.oldest))
        transaction.put(self._keys.oldest + number, b"".join(places))

    def find(self, transaction: Transaction, count: int, over: Callable[[RunRecord], bool]) -> Found:
        """So many of the oldest runs that are over, as far as they are soon found, by batch."""
        found: Found = {}
        wanted, looked, start = count, 0, bytes(8)
        while wanted > 0 and looked < count * _PATIENCE:
            number = next(walk(transaction, self._keys.oldest, start, ascending=True), None)
            if number is None:
                break
            places = _split(held(transaction, self._keys.oldest + number))
            read = ((place, self._read(transaction, place)) for place in places)
            found[number] = dict(islice((one for one in read if one[1] is None or over(one[1])), wanted))
            wanted -= len(found[number])
            looked += len(places)
            start = NUMBER.pack(NUMBER.unpack(number)[0] + 1)
        return found

    def _read(self, transaction: Transaction, place: bytes) -> RunRecord | None:
        """The run of a place; none if it was cleared by one process before another counted it."""
        value = transaction.get(self._keys.places + place)
        return None if value is None else self._records.read(transaction, value)

    def forget(self, transaction: Transaction, found: Found) -> list[str]:
        """Forget runs that are over, and stay so; the ids of those that nobody has forgotten before."""
        gone: list[str] = []
        counted = 0
        for number, runs in found.items():
            places = _split(transaction.get(self._keys.oldest + number) or b"")
            kept = [place for place in places if place not in runs]
            counted += len(places) - len(kept)
            if kept:
                transaction.put(self._keys.oldest + number, b"".join(kept))
            else:
                transaction.delete(self._keys.oldest + number)
            for place in places:
                if run := runs.get(place):
                    self._records.forget_run(transaction, place, run)
                    gone.append(run.id)
        following, before = self._records.counts(transaction)
        transaction.put(self._keys.counts, COUNTS.pack(following, before - counted))
        return gone


class Counting:
    """Counts the runs that a process adds, and forgets what is beyond the bound."""

    def __init__(self, file: LmdbFile, records: Records, bound: Bound) -> None:
        self._file, self._records, self._bound = file, records, bound
        self._oldest = Oldest(records)
        self._new: dict[bytes, None] = {}

    def note(self, place: bytes) -> None:
        """A run is being added; that may be said again."""
        self._new[place] = None

    def look(self) -> None:
        """Count what is new if it has become much."""
        if len(self._new) >= min(_BATCH, 1 + self._bound.most_runs // 100):
            self.count()

    def count(self) -> None:
        """Count what is new, and forget as much of the oldest as there is too much."""
        if not self._new:
            return
        # Read before it is this process's turn, for which others wait.
        found = self._file.read(self._find)
        gone = self._file.write(lambda transaction: self._count(transaction, found))
        self._new.clear()
        for run_id in gone:
            self._bound.forgotten(run_id)

    def _find(self, transaction: Transaction) -> Found:
        surplus = self._records.counts(transaction)[1] + len(self._new) - self._bound.most_runs
        return self._oldest.find(transaction, surplus, self._bound.over)

    def _count(self, transaction: Transaction, found: Found) -> list[str]:
        self._oldest.count(transaction, list(self._new))
        return self._oldest.forget(transaction, found) if found else []


def _split(batch: bytes) -> list[bytes]:
    return [batch[at : at + PLACE] for at in range(0, len(batch), PLACE)]
