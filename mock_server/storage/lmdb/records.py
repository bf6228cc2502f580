"""How are the records of a sandbox read from an LMDB file, and written to it?

Each method is part of a transaction. It raises `DamagedError` for a value that it cannot read.
"""

from itertools import islice

from mock_server.simulation.records import MessageRecord, RunRecord, ThreadRecord
from mock_server.simulation.timestamps import LATEST
from mock_server.storage.lmdb import codec
from mock_server.storage.lmdb.environment import Transaction, delete_all, walk
from mock_server.storage.lmdb.keys import (
    CHANGES,
    COUNTS,
    LARGEST_NUMBER,
    LAST_USED,
    MESSAGE,
    NUMBER,
    PLACE_SIZE,
    RUN,
    DamagedError,
    Keys,
    State,
)
from mock_server.storage.lmdb.run_values import RunValues, decoded, required
from mock_server.storage.protocol import MAX_ENTRIES

_MAX_CHANGES = 10_000
_MOST_EVICTED = 8
"""Messages that are evicted for each new one."""
_KIND = slice(8, 9)
_NEW_COUNTS = bytes(COUNTS.size)


def next_number(transaction: Transaction, prefix: bytes) -> int:
    """The number after the last one that follows a prefix. Raises `DamagedError`."""
    last = next(walk(transaction, prefix, None, ascending=False), bytes(8))
    number = int(NUMBER.unpack(last)[0]) + 1
    if number > LARGEST_NUMBER:
        raise DamagedError(prefix + last, "the number is too large")
    return number


class Records:
    """The records of one sandbox."""

    def __init__(self, sandbox: str) -> None:
        self.keys = Keys(sandbox)
        self.runs = RunValues(self.keys)

    def counts(self, transaction: Transaction) -> tuple[int, int]:
        """The number of the next thread, and the number of runs."""
        value = transaction.get(self.keys.counts) or _NEW_COUNTS
        if len(value) != COUNTS.size or max(counts := COUNTS.unpack(value)) > LARGEST_NUMBER:
            raise DamagedError(self.keys.counts, "they are not two numbers")
        return counts[0], counts[1]

    def time(self, transaction: Transaction) -> int:
        """The virtual time that was kept last; 0 if none was."""
        value = transaction.get(self.keys.time) or bytes(NUMBER.size)
        if len(value) != NUMBER.size or (found := int(NUMBER.unpack(value)[0])) > LATEST:
            raise DamagedError(self.keys.time, "it is not a time")
        return found

    def keep_time(self, transaction: Transaction, timestamp: int, lower: bool) -> None:
        """Write a virtual time, unless a later one is kept."""
        if lower or timestamp > self.time(transaction):
            transaction.put(self.keys.time, NUMBER.pack(min(timestamp, LATEST)))

    def thread_count(self, transaction: Transaction) -> int:
        """The number of threads."""
        value = transaction.get(self.keys.thread_count) or bytes(NUMBER.size)
        if len(value) != NUMBER.size or (found := int(NUMBER.unpack(value)[0])) > LARGEST_NUMBER:
            raise DamagedError(self.keys.thread_count, "it is not a number")
        return found

    def _count_thread(self, transaction: Transaction, change: int) -> None:
        count = max(self.thread_count(transaction) + change, 0)
        transaction.put(self.keys.thread_count, NUMBER.pack(count))

    def clear(self, transaction: Transaction) -> None:
        """Delete everything except the next thread number. Cached runs are found by thread numbers."""
        following, _ = self.counts(transaction)
        delete_all(transaction, self.keys.sandbox)
        transaction.delete(LAST_USED + self.keys.sandbox)
        transaction.put(self.keys.counts, COUNTS.pack(following, 0))

    def state(self, transaction: Transaction, thread_id: str) -> State | None:
        """The state of a thread, if there is such a thread."""
        found = transaction.get(key := self.keys.state(thread_id))
        if found is None:
            return None
        if len(found) < 24:
            raise DamagedError(key, "it is not three numbers and a text")
        return State(found[:8], found[8:16], found[16:24], found[24:])

    def user_text(self, thread_id: str, state: State) -> str:
        """The text of the user's last message in a thread."""
        try:
            return state.user_text.decode()
        except UnicodeDecodeError:
            raise DamagedError(self.keys.state(thread_id), "its text is not UTF-8") from None

    def thread_number(self, transaction: Transaction, thread_id: str) -> bytes | None:
        """The number of a thread, if there is such a thread."""
        state = self.state(transaction, thread_id)
        return state.thread if state else None

    def thread(self, transaction: Transaction, number: bytes) -> ThreadRecord:
        """The thread with a number."""
        key = self.keys.threads + number
        thread = decoded(codec.thread, key, required(transaction, key))
        if self.thread_number(transaction, thread.id) != number:
            raise DamagedError(key, "its id is that of another thread")
        return thread

    def find_thread(self, transaction: Transaction, thread_id: str) -> ThreadRecord | None:
        """The thread with an id."""
        number = self.thread_number(transaction, thread_id)
        return self.thread(transaction, number) if number else None

    def put_thread(self, transaction: Transaction, number: bytes, thread: ThreadRecord) -> None:
        """Write a version of a thread."""
        transaction.put(self.keys.threads + number, codec.thread_bytes(thread))

    def add_thread(self, transaction: Transaction, thread: ThreadRecord) -> bytes:
        """Write a new thread; its number."""
        following, runs = self.counts(transaction)
        transaction.put(self.keys.counts, COUNTS.pack(following + 1, runs))
        number = NUMBER.pack(following)
        self._put_state(transaction, thread.id, State(number, bytes(8), bytes(8), b""))
        self.put_thread(transaction, number, thread)
        self._count_thread(transaction, 1)
        if thread.dataset_id:
            transaction.put(self.keys.of_dataset(thread.dataset_id) + number, b"")
        return number

    def _put_state(self, transaction: Transaction, thread_id: str, state: State) -> None:
        transaction.put(self.keys.state(thread_id), b"".join(state))

    def place(self, transaction: Transaction, entry_id: str) -> bytes | None:
        """The place of a run or message, if there is one with this id."""
        found = transaction.get(key := self.keys.entry(entry_id))
        if found is not None and (len(found) != PLACE_SIZE or found[_KIND] not in (RUN, MESSAGE)):
            raise DamagedError(key, "it is not a place")
        return found

    def place_of(self, transaction: Transaction, entry_id: str, kind: bytes) -> bytes | None:
        """The place of an entry, if there is one of this kind."""
        found = self.place(transaction, entry_id)
        return found if found and found[_KIND] == kind else None

    def number(self, transaction: Transaction, entry_id: str, thread: bytes | None) -> bytes | None:
        """The number of an entry in a thread, if the thread has such an entry."""
        found = self.place(transaction, entry_id)
        return found[9:] if found and found[:8] == thread else None

    def message(self, transaction: Transaction, place: bytes) -> MessageRecord:
        """The message at a place."""
        key = self.keys.places + place
        message = decoded(codec.message, key, required(transaction, key))
        self._check_place(transaction, place, message)
        return message

    def find_message(self, transaction: Transaction, message_id: str) -> MessageRecord | None:
        """The message with an id."""
        place = self.place_of(transaction, message_id, MESSAGE)
        return self.message(transaction, place) if place else None

    def _check_place(self, transaction: Transaction, place: bytes, entry: MessageRecord | RunRecord) -> None:
        """Check that the ids in an entry lead back to it, because pages and evictions follow them."""
        thread = self.thread_number(transaction, entry.thread_id)
        if thread != place[:8] or self.place(transaction, entry.id) != place:
            raise DamagedError(self.keys.places + place, "its ids are those of another entry or thread")

    def add_message(self, transaction: Transaction, state: State, message: MessageRecord) -> None:
        """Write a new message of a thread."""
        number = self._next_entry(message.thread_id, state)
        self._add(transaction, state.thread + MESSAGE + number, message.id, codec.message_bytes(message))
        self._evict_old_messages(transaction, state.thread, number)
        text = message.words().encode() if message.role == "user" else state.user_text
        self._put_state(transaction, message.thread_id, State(state.thread, number, state.last_run, text))

    def _evict_old_messages(self, transaction: Transaction, thread: bytes, newest: bytes) -> None:
        """Delete some messages that are too old; the others follow with the next messages."""
        limit = NUMBER.unpack(newest)[0] - MAX_ENTRIES
        messages = walk(transaction, self.keys.of_thread(thread, MESSAGE), None, ascending=True)
        for number in list(islice(messages, _MOST_EVICTED)) if limit > 0 else ():
            if NUMBER.unpack(number)[0] <= limit:
                self._delete_message(transaction, thread + MESSAGE + number)

    def _delete_message(self, transaction: Transaction, place: bytes) -> None:
        transaction.delete(self.keys.entry(self.message(transaction, place).id))
        transaction.delete(self.keys.places + place)

    def add_run(self, transaction: Transaction, state: State, run: RunRecord, encoded: bytes) -> bytes:
        """Write a new run of a thread in this state, without counting it; its place."""
        number = self._next_entry(run.thread_id, state)
        place = state.thread + RUN + number
        self._add(transaction, place, run.id, encoded)
        self._put_state(transaction, run.thread_id, State(state.thread, number, number, state.user_text))
        return place

    def _next_entry(self, thread_id: str, state: State) -> bytes:
        """The number of a thread's next entry."""
        number = int(NUMBER.unpack(state.entries)[0]) + 1
        if number > LARGEST_NUMBER:
            raise DamagedError(self.keys.state(thread_id), "its number of entries is too large")
        return NUMBER.pack(number)

    def _add(self, transaction: Transaction, place: bytes, entry_id: str, value: bytes) -> None:
        if not transaction.put(self.keys.entry(entry_id), place, overwrite=False):
            raise ValueError(f"there is an entry {entry_id} already")
        transaction.put(self.keys.places + place, value)

    def run(self, transaction: Transaction, place: bytes) -> RunRecord:
        """The run at a place: the same object as long as its version is the same."""
        value = required(transaction, self.keys.places + place)
        if cached := self.runs.cached(place, value):
            return cached
        run = self.runs.decode(transaction, place, value)
        self._check_place(transaction, place, run)
        return self.runs.cache(place, run)

    def find_run(self, transaction: Transaction, run_id: str) -> RunRecord | None:
        """The run with an id."""
        place = self.place_of(transaction, run_id, RUN)
        return self.run(transaction, place) if place else None

    def replace_run(self, transaction: Transaction, old: RunRecord, new: RunRecord) -> bytes | None:
        """Write a new version and a change; the place, or None if `old` is not the current version."""
        place = self.place_of(transaction, old.id, RUN)
        if place is None:
            return None
        value = required(transaction, self.keys.places + place)
        if self.runs.version(place, value) != old.version:
            return None
        number = next_number(transaction, CHANGES)
        transaction.put(self.keys.places + place, self.runs.replace(value, new))
        transaction.put(CHANGES + NUMBER.pack(number), new.id.encode())
        if number > _MAX_CHANGES:
            transaction.delete(CHANGES + NUMBER.pack(number - _MAX_CHANGES))
        return place

    def changes(self, transaction: Transaction, since: int) -> list[tuple[int, str]]:
        """The changes after one: their numbers, and the ids of their runs."""
        numbers = list(walk(transaction, CHANGES, NUMBER.pack(since + 1), ascending=True))
        return [
            (NUMBER.unpack(number)[0], required(transaction, CHANGES + number).decode(errors="replace"))
            for number in numbers
        ]

    def evict_run(self, transaction: Transaction, place: bytes, run: RunRecord) -> None:
        """Delete a run, and its thread if it has no other run and no later message."""
        self.runs.drop(place)
        transaction.delete(self.keys.entry(run.id))
        transaction.delete(self.keys.places + place)
        state = self.state(transaction, run.thread_id)
        if state and state.last_run == place[9:]:
            self._evict_last_run(transaction, run.thread_id, state)

    def _evict_last_run(self, transaction: Transaction, thread_id: str, state: State) -> None:
        """Make the previous run the last one, or delete the thread."""
        last = self._newest(transaction, state.thread, RUN)
        message = self._newest(transaction, state.thread, MESSAGE)
        if last is None and (message is None or message < state.last_run):
            self._evict_thread(transaction, thread_id, state.thread)
        else:
            self._put_state(transaction, thread_id, state._replace(last_run=last or bytes(8)))

    def _newest(self, transaction: Transaction, thread: bytes, kind: bytes) -> bytes | None:
        return next(walk(transaction, self.keys.of_thread(thread, kind), None, ascending=False), None)

    def evict_if_idle(self, transaction: Transaction, number: bytes) -> None:
        """Delete a thread if it has no run."""
        thread = self.thread(transaction, number)
        state = self.state(transaction, thread.id)
        if state and not any(state.last_run):
            self._evict_thread(transaction, thread.id, number)

    def _evict_thread(self, transaction: Transaction, thread_id: str, thread: bytes) -> None:
        record = self.thread(transaction, thread)
        for number in list(walk(transaction, self.keys.of_thread(thread, MESSAGE), None, ascending=True)):
            self._delete_message(transaction, thread + MESSAGE + number)
        if record.dataset_id:
            transaction.delete(self.keys.of_dataset(record.dataset_id) + thread)
        transaction.delete(self.keys.state(thread_id))
        transaction.delete(self.keys.threads + thread)
        self._count_thread(transaction, -1)
