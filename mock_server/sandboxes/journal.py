"""What has been requested?

The last requests to the API, as they came: noting one down costs an object, everything else is done when
somebody asks.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from starlette.types import Scope

from mock_server.simulation.timestamps import rfc3339

SEEN = "tune_mock.seen"
"""The key under which the ASGI scope carries the entry of its request."""

KEPT = 1000
LARGEST_KEPT = 5
"""Digits of the length of a body that is kept: the journal's size has to have a bound."""

_SECRET = frozenset({b"x-tune-key", b"authorization", b"proxy-authorization", b"cookie"})
_NOTHING: Any = object()


class JournalEntry:
    """One request."""

    __slots__ = ("at", "body", "headers", "method", "number", "operation", "path", "query", "status")

    def __init__(self, number: int, at: int, scope: Scope) -> None:
        self.number, self.at = number, at
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.operation = ""
        self.body = _NOTHING
        self.status = 0

    def keep(self, body: Any) -> None:
        """Note the body down, unless it is large."""
        length = next((value for name, value in self.headers if name == b"content-length"), b"")
        if len(length) <= LARGEST_KEPT:
            self.body = body

    def shown(self) -> dict[str, Any]:
        """The entry as a control call answers it, without what is secret."""
        headers = [(name.decode("latin-1"), value) for name, value in self.headers if name not in _SECRET]
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
        return entry if self.body is _NOTHING else {**entry, "body": self.body}


class Journal:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self.count = 0
        self._entries: deque[JournalEntry] = deque(maxlen=KEPT)

    def note(self, scope: Scope, now: int) -> JournalEntry:
        """A new entry; whoever answers fills in the rest."""
        self.count += 1
        entry = JournalEntry(self.count, now, scope)
        self._entries.append(entry)
        return entry

    def entries(self, after: int = 0, operation: str | None = None) -> Iterator[JournalEntry]:
        """The entries behind a number, of one operation or of all."""
        for entry in self._entries:
            if entry.number > after and operation in (None, entry.operation):
                yield entry
