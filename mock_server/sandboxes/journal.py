"""Which requests has a sandbox received?

Each request creates one object. Everything else is computed when the journal is read.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import chain
from typing import Any

import orjson
from starlette.types import Scope

from mock_server.simulation.timestamps import rfc3339

SEEN = "tune_mock.seen"
"""The key of the ASGI scope that holds the journal entry of the request."""

MAX_ENTRIES = 1000
MAX_BYTES = 16 << 20
"""Bytes of all entries: paths, queries, headers and bodies. The oldest entries are dropped."""
MAX_TEST_BYTES = 64 << 20
"""Bytes of the journals of all tests together."""
MAX_HEAD = 32 * 1024
"""Bytes of the path, the query and the headers of one entry. Of a larger head, nothing is kept."""
MAX_BODY = 99_999
"""Bytes of the body of one entry. A larger body is not kept."""
_PER_HEADER = 150
"""Bytes that Python needs for a header beyond its characters."""

_SECRET_HEADERS = frozenset({b"x-tune-key", b"authorization", b"proxy-authorization", b"cookie"})


class JournalEntry:
    """One request."""

    __slots__ = ("at", "body", "headers", "method", "number", "operation", "path", "query", "size", "status")

    def __init__(self, number: int, at: int, scope: Scope) -> None:
        self.number, self.at = number, at
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.operation = ""
        self.body: bytes | None = None
        self.status = 0
        self.size = _head_size(self)
        if self.size > MAX_HEAD:
            self.path, self.query, self.headers = f"{self.path[:100]}...", b"", []
            self.size = _head_size(self)

    def as_json(self) -> dict[str, Any]:
        """The entry as a control call returns it, without secret headers."""
        headers = [
            (name.decode("latin-1"), value) for name, value in self.headers if name not in _SECRET_HEADERS
        ]
        entry = {
            "number": self.number,
            "at": rfc3339(self.at),
            "method": self.method,
            "path": self.path,
            "query": self.query.decode("latin-1"),
            "operation": self.operation,
            "headers": {name: value.decode("latin-1") for name, value in headers},
            "status": self.status,
        }
        return entry if self.body is None else {**entry, "body": orjson.loads(self.body or b"{}")}


def _head_size(entry: JournalEntry) -> int:
    """The bytes of an entry without its body."""
    headers = sum(map(len, chain.from_iterable(entry.headers))) + _PER_HEADER * len(entry.headers)
    return 4 * len(entry.path) + len(entry.query) + headers


class JournalBudget:
    """The bytes of several journals. The one that was used least recently loses its entries."""

    def __init__(self) -> None:
        self.size = 0
        self._journals: OrderedDict[Journal, None] = OrderedDict()

    def use(self, journal: "Journal", change: int) -> None:
        """Count the bytes by which a journal has grown."""
        self._journals[journal] = None
        self._journals.move_to_end(journal)
        self.size += change
        while self.size > MAX_TEST_BYTES:
            oldest = next(iter(self._journals))
            self.size -= oldest.drop_oldest()
            if not oldest.size:
                del self._journals[oldest]

    def end(self, journal: "Journal") -> None:
        """Forget a journal."""
        self.size -= journal.size
        self._journals.pop(journal, None)


class Journal:
    """The last requests, oldest first, within a limit of bytes, and within the budget if there is one."""

    def __init__(self, budget: JournalBudget | None = None) -> None:
        self._budget = budget
        self.count = 0
        self.size = 0
        self._entries: deque[JournalEntry] = deque()

    def note(self, scope: Scope, now: int) -> JournalEntry:
        """Add a request. Later layers fill in the operation, the body and the status."""
        self.count += 1
        entry = JournalEntry(self.count, now, scope)
        self._entries.append(entry)
        self._grow(entry.size)
        return entry

    def keep(self, entry: JournalEntry, body: bytes) -> None:
        """Add the JSON body of an entry, unless it is large or the entry is dropped already."""
        if len(body) > MAX_BODY or not self._entries or entry.number < self._entries[0].number:
            return
        entry.body = body
        entry.size += len(body)
        self._grow(len(body))

    def entries(self, after: int = 0, operation: str | None = None) -> Iterator[JournalEntry]:
        """The entries with a higher number than `after`, of one operation or of all."""
        for entry in self._entries:
            if entry.number > after and operation in (None, entry.operation):
                yield entry

    def drop_oldest(self) -> int:
        """Drop the oldest entry; its bytes."""
        size = self._entries.popleft().size
        self.size -= size
        return size

    def end(self) -> None:
        """Count no more in the budget: the sandbox is closed."""
        if self._budget:
            self._budget.end(self)
            self._budget = None

    def _grow(self, size: int) -> None:
        before = self.size
        self.size += size
        while len(self._entries) > MAX_ENTRIES or self.size > MAX_BYTES:
            self.drop_oldest()
        if self._budget:
            self._budget.use(self, self.size - before)
