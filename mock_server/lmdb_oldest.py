"""How many runs does an LMDB file hold, and which are the oldest?

To count each run as it comes would cost as much as to keep it: a process counts some at a time.
"""

from collections.abc import Callable, Sequence

from mock_server.lmdb_file import Transaction, walk
from mock_server.lmdb_keys import COUNTS, NUMBER, PLACE
from mock_server.lmdb_records import Records, after_last, held
from mock_server.records import RunRecord

_PATIENCE = 8
"""So many runs are looked at for each that is to go."""


class Oldest:
    """The runs of one mock in the order they were counted."""

    def __init__(self, records: Records) -> None:
        self._records, self._keys = records, records.keys

    def count(self, transaction: Transaction, places: Sequence[bytes]) -> int:
        """Count new runs, in the order they were created; how many there are."""
        following, runs = self._records.counts(transaction)
        transaction.put(self._keys.counts, COUNTS.pack(following, runs + len(places)))
        transaction.put(
            self._keys.oldest + NUMBER.pack(after_last(transaction, self._keys.oldest)), b"".join(places)
        )
        return runs + len(places)

    def forget(self, transaction: Transaction, surplus: int, over: Callable[[RunRecord], bool]) -> list[str]:
        """Forget so many of the oldest runs that are over, as far as they are soon found; their ids."""
        gone: list[str] = []
        looked, start = 0, bytes(8)
        while len(gone) < surplus and looked < surplus * _PATIENCE:
            number = next(walk(transaction, self._keys.oldest, start, ascending=True), None)
            if number is None:
                break
            batch = held(transaction, self._keys.oldest + number)
            places = [batch[at : at + PLACE] for at in range(0, len(batch), PLACE)]
            kept = [
                place
                for place in places
                if len(gone) >= surplus or not self._forget(transaction, place, over, gone)
            ]
            transaction.delete(self._keys.oldest + number)
            if kept:
                transaction.put(self._keys.oldest + number, b"".join(kept))
            looked += len(places)
            start = NUMBER.pack(NUMBER.unpack(number)[0] + 1)
        following, runs = self._records.counts(transaction)
        transaction.put(self._keys.counts, COUNTS.pack(following, runs - len(gone)))
        return gone

    def _forget(
        self, transaction: Transaction, place: bytes, over: Callable[[RunRecord], bool], gone: list[str]
    ) -> bool:
        """Whether the run of a place could be forgotten, and its thread if nothing else came after."""
        value = transaction.get(self._keys.places + place)
        if value is None:
            # Another process had it cleared before this one counted it.
            gone.append("")
            return True
        run = self._records.read(transaction, value)
        if not over(run):
            return False
        gone.append(run.id)
        self._records.forget_run(transaction, place, run)
        return True
