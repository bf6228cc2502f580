"""How many runs does an LMDB file hold, and which are the oldest, to be forgotten when there are too many?

To count each run as it comes would cost as much as to keep it: a process counts some at a time.
"""

from collections.abc import Sequence
from itertools import islice

from mock_server.simulation.records import RunRecord
from mock_server.storage.lmdb.environment import LmdbFile, Transaction, walk
from mock_server.storage.lmdb.keys import COUNTS, NUMBER, PLACE
from mock_server.storage.lmdb.records import Records, after_last, held
from mock_server.storage.protocol import Bound

_BATCH = 16
"""After so many new runs, or a hundredth of a small bound, a process counts them."""
_PATIENCE = 8
"""So many runs are looked at for each that is to go."""


Found = dict[bytes, dict[bytes, RunRecord | None]]
"""Runs by their places, by the number of the batch they were counted in."""


class Oldest:
    """Counts the runs that a process adds, in the order they came, and forgets what is beyond the bound."""

    def __init__(self, file: LmdbFile, records: Records, bound: Bound) -> None:
        self._file, self._records, self._bound = file, records, bound
        self._keys = records.keys
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
        """As many of the oldest runs that are over as there are too many, as far as they are soon found."""
        found: Found = {}
        count = wanted = self._records.counts(transaction)[1] + len(self._new) - self._bound.most_runs
        looked, start = 0, bytes(8)
        while wanted > 0 and looked < count * _PATIENCE:
            number = next(walk(transaction, self._keys.oldest, start, ascending=True), None)
            if number is None:
                break
            places = _split(held(transaction, self._keys.oldest + number))
            read = ((place, self._read(transaction, place)) for place in places)
            over = (one for one in read if one[1] is None or self._bound.over(one[1]))
            found[number] = dict(islice(over, wanted))
            wanted -= len(found[number])
            looked += len(places)
            start = NUMBER.pack(NUMBER.unpack(number)[0] + 1)
        return found

    def _read(self, transaction: Transaction, place: bytes) -> RunRecord | None:
        """The run of a place; none if it was cleared by one process before another counted it."""
        value = transaction.get(self._keys.places + place)
        return None if value is None else self._records.read(transaction, value)

    def _count(self, transaction: Transaction, found: Found) -> list[str]:
        """Count the new runs, forget those found; the ids of those that nobody has forgotten before."""
        following, runs = self._records.counts(transaction)
        number = NUMBER.pack(after_last(transaction, self._keys.oldest))
        transaction.put(self._keys.oldest + number, b"".join(self._new))
        gone: list[str] = []
        for batch, wanted in found.items():
            places = _split(transaction.get(self._keys.oldest + batch) or b"")
            kept = [place for place in places if place not in wanted]
            runs -= len(places) - len(kept)
            self._keep(transaction, batch, kept)
            for place in places:
                if run := wanted.get(place):
                    self._records.forget_run(transaction, place, run)
                    gone.append(run.id)
        transaction.put(self._keys.counts, COUNTS.pack(following, runs + len(self._new)))
        return gone

    def _keep(self, transaction: Transaction, batch: bytes, places: Sequence[bytes]) -> None:
        if places:
            transaction.put(self._keys.oldest + batch, b"".join(places))
        else:
            transaction.delete(self._keys.oldest + batch)


def _split(batch: bytes) -> list[bytes]:
    return [batch[at : at + PLACE] for at in range(0, len(batch), PLACE)]
