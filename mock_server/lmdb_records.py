"""Under which keys of an LMDB file does a mock keep its records?

The keys begin with the mock's world; then comes a letter:

    n                                   the next number, and how many runs there are
    t thread id                         the thread's number, that of its last run, what the user said last
    T number                            a thread; in order
    d dataset, number                   a thread of a dataset; in order
    e entry id                          its kind, its number, its thread's number
    r number, m number                  a run, a message; in order
    l thread's number, kind, number     a thread's runs and its messages, both in order

Scenarios, which runs share, and the ids of changed runs belong to no world.
"""

import hashlib
from collections import OrderedDict
from struct import Struct
from typing import NamedTuple

from mock_server import codec
from mock_server.lmdb_file import Transaction, delete_all, walk
from mock_server.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.scenario import Scenario

RUN, MESSAGE = b"r", b"m"
NUMBER = Struct(">Q")
_SCENARIOS, _CHANGES = b"scenario", b"changes!"
_CHANGES_KEPT = 10_000
_REMEMBERED = 4096
_LONGEST = 200
"""Bytes of an id that stands in a key as it is; LMDB takes keys of 511."""

NO_RUN = b"\xff" * 8

_counted = Struct(">QQ")
_place = Struct(">c8s8s")
_of_run = Struct(">I16s")


def _digest(data: bytes, size: int = 16) -> bytes:
    return hashlib.blake2b(data, digest_size=size).digest()


def _named(name: str) -> bytes:
    """An id as the end of a key; no other id has the same."""
    written = name.encode("utf-8", "surrogatepass")
    return written if len(written) <= _LONGEST else b"\xff" + _digest(written, 32)


def _held(transaction: Transaction, key: bytes) -> bytes:
    """The value of a key that is there."""
    value = transaction.get(key)
    assert value is not None, key
    return value


class State(NamedTuple):
    """What changes in a thread as messages and runs come: its number, its last run's, the last words."""

    number: bytes
    last_run: bytes
    words: bytes

    def said(self) -> str:
        """What the user said last."""
        return self.words.decode("utf-8", "surrogatepass")


class Records:
    """The records of one mock. Numbers are 8 bytes; a later one is larger, and none is given twice."""

    def __init__(self, world: str) -> None:
        self._world = _digest(world.encode("utf-8", "surrogatepass"), 8)
        self._counts, self._ids, self._threads = (self._world + letter for letter in (b"n", b"t", b"T"))
        self._datasets, self._entries, self._lists = (self._world + letter for letter in (b"d", b"e", b"l"))
        self._scenarios: dict[bytes, Scenario] = {}
        self._keys: dict[Scenario, bytes] = {}
        self._decoded: OrderedDict[bytes, RunRecord] = OrderedDict()

    def of_dataset(self, dataset_id: str) -> bytes:
        """What the numbers of a dataset's threads follow in the keys; of all threads without one."""
        if not dataset_id:
            return self._threads
        return self._datasets + _digest(dataset_id.encode("utf-8", "surrogatepass"))

    def of_thread(self, thread: bytes, kind: bytes) -> bytes:
        """What the numbers of a thread's runs or messages follow in the keys."""
        return self._lists + thread + kind

    def of_all(self, kind: bytes) -> bytes:
        """What the numbers of all runs or messages follow in the keys."""
        return self._world + kind

    def counted(self, transaction: Transaction) -> tuple[int, int]:
        """The next number, and how many runs there are."""
        following, runs = _counted.unpack(transaction.get(self._counts) or bytes(_counted.size))
        return following, runs

    def count(self, transaction: Transaction, following: int, runs: int) -> None:
        """Keep both."""
        transaction.put(self._counts, _counted.pack(following, runs))

    def _new_number(self, transaction: Transaction, runs: int = 0) -> bytes:
        """A number for an entry, of which so many are runs."""
        following, before = _counted.unpack(transaction.get(self._counts) or bytes(_counted.size))
        transaction.put(self._counts, _counted.pack(following + 1, before + runs))
        return NUMBER.pack(following)

    def clear(self, transaction: Transaction) -> None:
        """Forget everything but the next number: what was decoded is remembered by its number."""
        following, _ = self.counted(transaction)
        delete_all(transaction, self._world)
        self.count(transaction, following, 0)

    def state(self, transaction: Transaction, thread_id: str) -> State | None:
        """What is kept of a thread beside its record."""
        found = transaction.get(self._ids + _named(thread_id))
        return State(found[:8], found[8:16], found[16:]) if found else None

    def put_state(self, transaction: Transaction, thread_id: str, state: State) -> None:
        """Keep what changed."""
        transaction.put(self._ids + _named(thread_id), b"".join(state))

    def thread_number(self, transaction: Transaction, thread_id: str) -> bytes | None:
        """The number of a thread, if it is there."""
        found = transaction.get(self._ids + _named(thread_id))
        return found[:8] if found else None

    def thread(self, transaction: Transaction, number: bytes) -> ThreadRecord:
        """The thread of a number."""
        return codec.thread(_held(transaction, self._threads + number))

    def put_thread(self, transaction: Transaction, number: bytes, thread: ThreadRecord) -> None:
        """Keep a version of a thread."""
        transaction.put(self._threads + number, codec.thread_bytes(thread))

    def add_thread(self, transaction: Transaction, thread: ThreadRecord) -> None:
        """Keep a new thread."""
        number = self._new_number(transaction)
        self.put_state(transaction, thread.id, State(number, NO_RUN, b""))
        self.put_thread(transaction, number, thread)
        if thread.dataset_id:
            transaction.put(self.of_dataset(thread.dataset_id) + number, b"")

    def entry(self, transaction: Transaction, entry_id: str) -> tuple[bytes, bytes, bytes] | None:
        """Kind, number, and thread's number of an entry."""
        place = transaction.get(self._entries + _named(entry_id))
        return _place.unpack(place) if place else None

    def message(self, transaction: Transaction, number: bytes) -> MessageRecord:
        """The message of a number."""
        return codec.message(_held(transaction, self._world + MESSAGE + number))

    def add_message(self, transaction: Transaction, state: State, message: MessageRecord) -> None:
        """Keep a new message of a thread."""
        place = MESSAGE, self._new_number(transaction), state.number
        self._add(transaction, place, message.id, codec.message_bytes(message))
        if message.role == "user":
            words = message.words().encode("utf-8", "surrogatepass")
            self.put_state(transaction, message.thread_id, state._replace(words=words))

    def add_run(self, transaction: Transaction, state: State, run: RunRecord, written: bytes) -> bytes:
        """Keep a new run of a thread in this state; its number."""
        number = self._new_number(transaction, runs=1)
        self._add(transaction, (RUN, number, state.number), run.id, written)
        transaction.put(self._ids + _named(run.thread_id), state.number + number + state.words)
        return number

    def _add(
        self, transaction: Transaction, place: tuple[bytes, bytes, bytes], entry_id: str, value: bytes
    ) -> None:
        kind, number, thread = place
        if not transaction.put(self._entries + _named(entry_id), _place.pack(*place), overwrite=False):
            raise ValueError(f"there is an entry {entry_id} already")
        transaction.put(self._world + kind + number, value)
        transaction.put(self.of_thread(thread, kind) + number, b"")

    def knows(self, scenario: Scenario) -> bool:
        """Whether the file is certain to hold a scenario."""
        return scenario in self._keys

    def put_scenario(self, transaction: Transaction, scenario: Scenario) -> None:
        """Keep a scenario."""
        data = codec.scenario_bytes(scenario)
        transaction.put(_SCENARIOS + _digest(data), data)

    def remember_scenario(self, scenario: Scenario) -> None:
        """The file holds this one for certain; runs that are read from it play the same object."""
        key = _digest(codec.scenario_bytes(scenario))
        self._keys[scenario], self._scenarios[key] = key, scenario

    def written(self, run: RunRecord) -> bytes:
        """What the file holds of a run whose scenario it knows."""
        return _of_run.pack(run.version, self._keys[run.scenario]) + codec.run_bytes(run)

    def run(self, transaction: Transaction, number: bytes) -> RunRecord:
        """The run of a number: the same object as long as it is the same version."""
        value = _held(transaction, self._world + RUN + number)
        version, key = _of_run.unpack_from(value)
        known = self._decoded.get(number)
        if known is not None and known.version == version:
            return known
        if key not in self._scenarios:
            scenario = codec.scenario(_held(transaction, _SCENARIOS + key))
            self._keys[scenario], self._scenarios[key] = key, scenario
        return self.remember(number, codec.run(value[_of_run.size :], self._scenarios[key]))

    def remember(self, number: bytes, run: RunRecord) -> RunRecord:
        """Give the same object for this version from now on; only for what the file holds for certain."""
        self._decoded[number] = run
        if len(self._decoded) > _REMEMBERED:
            self._decoded.popitem(last=False)
        return run

    def replace_run(self, transaction: Transaction, old: RunRecord, new: RunRecord) -> bytes | None:
        """Keep a new version, and that it changed; its number, or None if the old one is not the current."""
        place = self.entry(transaction, old.id)
        if place is None or place[0] != RUN:
            return None
        at = self.of_all(RUN) + place[1]
        version, key = _of_run.unpack_from(_held(transaction, at))
        if version != old.version:
            return None
        transaction.put(at, _of_run.pack(new.version, key) + codec.run_bytes(new))
        last = next(walk(transaction, _CHANGES, None, ascending=False), bytes(8))
        self._note_change(transaction, NUMBER.unpack(last)[0] + 1, new.id)
        return place[1]

    def _note_change(self, transaction: Transaction, number: int, run_id: str) -> None:
        transaction.put(_CHANGES + NUMBER.pack(number), run_id.encode())
        if number > _CHANGES_KEPT:
            transaction.delete(_CHANGES + NUMBER.pack(number - _CHANGES_KEPT))

    def changes(self, transaction: Transaction, since: int) -> list[tuple[int, str]]:
        """The numbers and runs of all changes after one."""
        numbers = list(walk(transaction, _CHANGES, NUMBER.pack(since + 1), ascending=True))
        return [
            (NUMBER.unpack(number)[0], _held(transaction, _CHANGES + number).decode()) for number in numbers
        ]

    def forget_run(self, transaction: Transaction, number: bytes, run: RunRecord) -> None:
        """Forget a run, and its thread if that has no other run and nothing came after. It is not counted."""
        state = self.state(transaction, run.thread_id)
        if state is None:
            return
        self._delete(transaction, (RUN, number, state.number), run.id)
        if number != state.last_run:
            return
        last = self._newest(transaction, state.number, RUN)
        message = self._newest(transaction, state.number, MESSAGE)
        if last is None and (message is None or message < number):
            self._forget_thread(transaction, run.thread_id, state.number)
        else:
            self.put_state(transaction, run.thread_id, state._replace(last_run=last or NO_RUN))

    def _newest(self, transaction: Transaction, thread: bytes, kind: bytes) -> bytes | None:
        return next(walk(transaction, self.of_thread(thread, kind), None, ascending=False), None)

    def _forget_thread(self, transaction: Transaction, thread_id: str, thread: bytes) -> None:
        for number in list(walk(transaction, self.of_thread(thread, MESSAGE), None, ascending=True)):
            message = self.message(transaction, number)
            self._delete(transaction, (MESSAGE, number, thread), message.id)
        record = self.thread(transaction, thread)
        if record.dataset_id:
            transaction.delete(self.of_dataset(record.dataset_id) + thread)
        transaction.delete(self._ids + _named(thread_id))
        transaction.delete(self._threads + thread)

    def _delete(self, transaction: Transaction, place: tuple[bytes, bytes, bytes], entry_id: str) -> None:
        kind, number, thread = place
        transaction.delete(self._entries + _named(entry_id))
        transaction.delete(self._world + kind + number)
        transaction.delete(self.of_thread(thread, kind) + number)
