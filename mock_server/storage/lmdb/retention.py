"""How many runs does an LMDB file keep, and which are evicted?

Counting a run costs as much as adding it, so each process counts several new runs at once.
"""

from collections.abc import Sequence
from contextlib import suppress
from itertools import chain, islice

from mock_server.simulation.records import RunRecord
from mock_server.storage.lmdb.environment import LmdbFile, Transaction, walk
from mock_server.storage.lmdb.keys import COUNTS, NUMBER, PLACE_SIZE, DamagedError
from mock_server.storage.lmdb.records import Records, next_number
from mock_server.storage.lmdb.run_values import required
from mock_server.storage.protocol import RetentionPolicy

_MAX_BATCH = 16
"""New runs that a process counts at once; for a small limit, a hundredth of it."""
_CHECKS_PER_EVICTION = 8
"""Runs that are checked for each run to evict, in search of one that has ended."""


Batches = dict[bytes, dict[bytes, RunRecord | None]]
"""Runs by place, by the number of the batch that they were counted in. None: it is deleted or damaged."""


class Retention:
    """Counts the runs that a process adds, and evicts the oldest ended runs beyond the limit."""

    def __init__(self, file: LmdbFile, records: Records, policy: RetentionPolicy) -> None:
        self._file, self._records, self._policy = file, records, policy
        self._keys, self._runs = records.keys, records.runs
        self._new: dict[bytes, None] = {}
        self._next_thread: bytes | None = None

    def evict_idle_threads(self, transaction: Transaction, new: bytes) -> None:
        """Evict some old threads without a run if there are too many threads. `new` is not evicted."""
        if self._records.thread_count(transaction) <= self._policy.max_threads:
            return
        threads = walk(transaction, self._keys.threads, self._next_thread, ascending=True)
        numbers = list(islice(threads, _CHECKS_PER_EVICTION))
        self._next_thread = NUMBER.pack(NUMBER.unpack(numbers[-1])[0] + 1) if numbers else None
        for number in numbers:
            # A damaged thread must not fail the creation of another one.
            with suppress(DamagedError):
                if number != new:
                    self._records.evict_if_idle(transaction, number)

    def add(self, place: bytes) -> None:
        """Note a new run. The same place may be noted again."""
        self._new[place] = None

    def count_if_due(self) -> None:
        """Count the new runs if there are enough."""
        if len(self._new) >= min(_MAX_BATCH, 1 + self._policy.max_runs // 100):
            self.count()

    @property
    def uncounted(self) -> int:
        """The number of new runs that are not counted yet."""
        return len(self._new)

    def newest(self, transaction: Transaction, count: int) -> list[RunRecord]:
        """At most `count` runs, those created last by this process and those counted last."""
        batches = walk(transaction, self._keys.counted, None, ascending=False)
        counted = (_split(required(transaction, self._keys.counted + number))[::-1] for number in batches)
        places = chain(reversed(self._new), chain.from_iterable(counted))
        runs = (self._read(transaction, place) for place in islice(places, count))
        return [run for run in runs if run]

    def count(self) -> None:
        """Count the new runs, and evict runs beyond the limit."""
        if not self._new:
            return
        # A damaged record must not fail the request during which runs are counted.
        with suppress(DamagedError):
            # Read before the lock is taken, because other processes wait for it.
            found = self._file.read(self._find)
            for run_id in self._file.write(lambda transaction: self._count(transaction, found)):
                self._policy.on_evict(run_id)
        self._new.clear()

    def _find(self, transaction: Transaction) -> Batches:
        """The oldest ended runs to evict, if they are found among a limited number of runs."""
        found: Batches = {}
        count = wanted = self._records.counts(transaction)[1] + len(self._new) - self._policy.max_runs
        checked, start = 0, bytes(8)
        while wanted > 0 and checked < count * _CHECKS_PER_EVICTION:
            number = next(walk(transaction, self._keys.counted, start, ascending=True), None)
            if number is None:
                break
            places = _split(required(transaction, self._keys.counted + number))
            runs = ((place, self._read(transaction, place)) for place in places)
            ended = (item for item in runs if item[1] is None or self._policy.has_ended(item[1]))
            found[number] = dict(islice(ended, wanted))
            wanted -= len(found[number])
            checked += len(places)
            start = NUMBER.pack(NUMBER.unpack(number)[0] + 1)
        return found

    def _read(self, transaction: Transaction, place: bytes) -> RunRecord | None:
        """The run at a place; None if it was deleted before it was counted, or is damaged."""
        value = transaction.get(self._keys.places + place)
        if value is None:
            return None
        try:
            return self._runs.cached(place, value) or self._runs.decode(transaction, place, value)
        except DamagedError:
            return None

    def _count(self, transaction: Transaction, found: Batches) -> list[str]:
        """Count the new runs and evict those found; the ids of the runs evicted."""
        following, runs = self._records.counts(transaction)
        number = NUMBER.pack(next_number(transaction, self._keys.counted))
        transaction.put(self._keys.counted + number, b"".join(self._new))
        evicted: list[str] = []
        for batch, wanted in found.items():
            places = _split(transaction.get(self._keys.counted + batch) or b"")
            kept = [place for place in places if place not in wanted]
            runs -= len(places) - len(kept)
            self._keep(transaction, batch, kept)
            for place in places:
                if run := wanted.get(place):
                    self._records.evict_run(transaction, place, run)
                    evicted.append(run.id)
        transaction.put(self._keys.counts, COUNTS.pack(following, max(runs, 0) + len(self._new)))
        return evicted

    def _keep(self, transaction: Transaction, batch: bytes, places: Sequence[bytes]) -> None:
        if places:
            transaction.put(self._keys.counted + batch, b"".join(places))
        else:
            transaction.delete(self._keys.counted + batch)


def _split(batch: bytes) -> list[bytes]:
    return [batch[at : at + PLACE_SIZE] for at in range(0, len(batch), PLACE_SIZE)]
