"""How are a mock's records kept in an LMDB file? Each call is part of a transaction."""

from collections import OrderedDict
from struct import Struct

from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.simulation.scenario import Scenario
from mock_server.storage.lmdb import codec
from mock_server.storage.lmdb.environment import Transaction, delete_all, walk
from mock_server.storage.lmdb.keys import (
    CHANGES,
    COUNTS,
    MESSAGE,
    NUMBER,
    RUN,
    SCENARIOS,
    Keys,
    State,
    digest,
    named,
)

_CHANGES_KEPT = 10_000
_REMEMBERED = 4096
_KIND = slice(8, 9)
_of_run = Struct(">I16s")


def held(transaction: Transaction, key: bytes) -> bytes:
    """The value of a key that is there."""
    value = transaction.get(key)
    assert value is not None, key
    return value


def after_last(transaction: Transaction, prefix: bytes) -> int:
    """The number behind the last one of those that follow a prefix."""
    last = next(walk(transaction, prefix, None, ascending=False), bytes(8))
    return int(NUMBER.unpack(last)[0]) + 1


class Records:
    """The records of one mock."""

    def __init__(self, sandbox: str) -> None:
        self.keys = Keys(sandbox)
        self._scenarios: dict[bytes, Scenario] = {}
        self._keys: dict[Scenario, bytes] = {}
        self._decoded: OrderedDict[bytes, RunRecord] = OrderedDict()

    def counts(self, transaction: Transaction) -> tuple[int, int]:
        """The number of the next thread, and how many runs there are."""
        following, runs = COUNTS.unpack(transaction.get(self.keys.counts) or bytes(COUNTS.size))
        return following, runs

    def clear(self, transaction: Transaction) -> None:
        """Forget everything but the next number: what was decoded is remembered by its thread's number."""
        following, _ = self.counts(transaction)
        delete_all(transaction, self.keys.sandbox)
        transaction.put(self.keys.counts, COUNTS.pack(following, 0))

    def state(self, transaction: Transaction, thread_id: str) -> State | None:
        """What is kept of a thread beside its record."""
        found = transaction.get(self.keys.states + named(thread_id))
        return State(found[:8], found[8:16], found[16:24], found[24:]) if found else None

    def _put_state(self, transaction: Transaction, thread_id: str, state: State) -> None:
        transaction.put(self.keys.states + named(thread_id), b"".join(state))

    def thread_number(self, transaction: Transaction, thread_id: str) -> bytes | None:
        """The number of a thread, if it is there."""
        found = transaction.get(self.keys.states + named(thread_id))
        return found[:8] if found else None

    def thread(self, transaction: Transaction, number: bytes) -> ThreadRecord:
        """The thread of a number."""
        return codec.thread(held(transaction, self.keys.threads + number))

    def put_thread(self, transaction: Transaction, number: bytes, thread: ThreadRecord) -> None:
        """Keep a version of a thread."""
        transaction.put(self.keys.threads + number, codec.thread_bytes(thread))

    def add_thread(self, transaction: Transaction, thread: ThreadRecord) -> None:
        """Keep a new thread."""
        following, runs = self.counts(transaction)
        transaction.put(self.keys.counts, COUNTS.pack(following + 1, runs))
        number = NUMBER.pack(following)
        self._put_state(transaction, thread.id, State(number, bytes(8), bytes(8), b""))
        self.put_thread(transaction, number, thread)
        if thread.dataset_id:
            transaction.put(self.keys.of_dataset(thread.dataset_id) + number, b"")

    def place(self, transaction: Transaction, entry_id: str, kind: bytes) -> bytes | None:
        """The place of an entry, if it is of this kind."""
        found = transaction.get(self.keys.ids + named(entry_id))
        return found if found and found[_KIND] == kind else None

    def number(self, transaction: Transaction, entry_id: str, thread: bytes | None) -> bytes | None:
        """The number of an entry in its thread, if it is of this one."""
        found = transaction.get(self.keys.ids + named(entry_id))
        return found[9:] if found and found[:8] == thread else None

    def message(self, transaction: Transaction, place: bytes) -> MessageRecord:
        """The message of a place."""
        return codec.message(held(transaction, self.keys.places + place))

    def add_message(self, transaction: Transaction, state: State, message: MessageRecord) -> None:
        """Keep a new message of a thread."""
        number = NUMBER.pack(NUMBER.unpack(state.entries)[0] + 1)
        self._add(transaction, state.thread + MESSAGE + number, message.id, codec.message_bytes(message))
        words = state.words
        if message.role == "user":
            words = message.words().encode()
        self._put_state(transaction, message.thread_id, State(state.thread, number, state.last_run, words))

    def add_run(self, transaction: Transaction, state: State, run: RunRecord, written: bytes) -> bytes:
        """Keep a new run of a thread in this state; its place. It is not counted."""
        number = NUMBER.pack(NUMBER.unpack(state.entries)[0] + 1)
        place = state.thread + RUN + number
        self._add(transaction, place, run.id, written)
        self._put_state(transaction, run.thread_id, State(state.thread, number, number, state.words))
        return place

    def _add(self, transaction: Transaction, place: bytes, entry_id: str, value: bytes) -> None:
        if not transaction.put(self.keys.ids + named(entry_id), place, overwrite=False):
            raise ValueError(f"there is an entry {entry_id} already")
        transaction.put(self.keys.places + place, value)

    def knows(self, scenario: Scenario) -> bool:
        """Whether the file is certain to hold a scenario."""
        return scenario in self._keys

    def put_scenario(self, transaction: Transaction, scenario: Scenario) -> None:
        """Keep a scenario."""
        data = codec.scenario_bytes(scenario)
        transaction.put(SCENARIOS + digest(data), data)

    def remember_scenario(self, scenario: Scenario) -> None:
        """The file holds this one for certain; runs that are read from it play the same object."""
        key = digest(codec.scenario_bytes(scenario))
        self._keys[scenario], self._scenarios[key] = key, scenario

    def written(self, run: RunRecord) -> bytes:
        """What the file holds of a run whose scenario it knows."""
        return _of_run.pack(run.version, self._keys[run.scenario]) + codec.run_bytes(run)

    def run(self, transaction: Transaction, place: bytes) -> RunRecord:
        """The run of a place: the same object as long as it is the same version."""
        value = held(transaction, self.keys.places + place)
        known = self._decoded.get(place)
        if known is not None and known.version == _of_run.unpack_from(value)[0]:
            return known
        return self.remember(place, self.read(transaction, value))

    def read(self, transaction: Transaction, value: bytes) -> RunRecord:
        """The run that the file holds as this value."""
        key = value[4 : _of_run.size]
        if key not in self._scenarios:
            scenario = codec.scenario(held(transaction, SCENARIOS + key))
            self._keys[scenario], self._scenarios[key] = key, scenario
        return codec.run(value[_of_run.size :], self._scenarios[key])

    def remember(self, place: bytes, run: RunRecord) -> RunRecord:
        """Give the same object for this version from now on."""
        self._decoded[place] = run
        if len(self._decoded) > _REMEMBERED:
            self._decoded.popitem(last=False)
        return run

    def distrust(self) -> None:
        """What was to be remembered may not have been kept after all."""
        self._decoded.clear()

    def replace_run(self, transaction: Transaction, old: RunRecord, new: RunRecord) -> bytes | None:
        """Keep a new version, and that it changed; its place, or None if the old one is not the current."""
        place = self.place(transaction, old.id, RUN)
        if place is None:
            return None
        version, key = _of_run.unpack_from(held(transaction, self.keys.places + place))
        if version != old.version:
            return None
        transaction.put(self.keys.places + place, _of_run.pack(new.version, key) + codec.run_bytes(new))
        number = after_last(transaction, CHANGES)
        transaction.put(CHANGES + NUMBER.pack(number), new.id.encode())
        if number > _CHANGES_KEPT:
            transaction.delete(CHANGES + NUMBER.pack(number - _CHANGES_KEPT))
        return place

    def changes(self, transaction: Transaction, since: int) -> list[tuple[int, str]]:
        """The numbers and runs of all changes after one."""
        numbers = list(walk(transaction, CHANGES, NUMBER.pack(since + 1), ascending=True))
        return [
            (NUMBER.unpack(number)[0], held(transaction, CHANGES + number).decode()) for number in numbers
        ]

    def forget_run(self, transaction: Transaction, place: bytes, run: RunRecord) -> None:
        """Forget a run, and its thread if that has no other run and nothing came after."""
        self._decoded.pop(place, None)
        transaction.delete(self.keys.ids + named(run.id))
        transaction.delete(self.keys.places + place)
        state = self.state(transaction, run.thread_id)
        if state and state.last_run == place[9:]:
            self._without_last_run(transaction, run.thread_id, state)

    def _without_last_run(self, transaction: Transaction, thread_id: str, state: State) -> None:
        """A thread's last run is forgotten: an older one is the last now, or the thread goes too."""
        last = self._newest(transaction, state.thread, RUN)
        message = self._newest(transaction, state.thread, MESSAGE)
        if last is None and (message is None or message < state.last_run):
            self._forget_thread(transaction, thread_id, state.thread)
        else:
            self._put_state(transaction, thread_id, state._replace(last_run=last or bytes(8)))

    def _newest(self, transaction: Transaction, thread: bytes, kind: bytes) -> bytes | None:
        return next(walk(transaction, self.keys.of_thread(thread, kind), None, ascending=False), None)

    def _forget_thread(self, transaction: Transaction, thread_id: str, thread: bytes) -> None:
        for number in list(walk(transaction, self.keys.of_thread(thread, MESSAGE), None, ascending=True)):
            message = self.message(transaction, thread + MESSAGE + number)
            transaction.delete(self.keys.ids + named(message.id))
            transaction.delete(self.keys.places + thread + MESSAGE + number)
        record = self.thread(transaction, thread)
        if record.dataset_id:
            transaction.delete(self.keys.of_dataset(record.dataset_id) + thread)
        transaction.delete(self.keys.states + named(thread_id))
        transaction.delete(self.keys.threads + thread)
