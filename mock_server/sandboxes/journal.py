"""Which requests has a sandbox received?

Each request creates one object. Everything else is computed when the journal is read.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

from starlette.types import Scope

from mock_server.simulation.timestamps import rfc3339

SEEN = "tune_mock.seen"
"""The key of the ASGI scope that holds the journal entry of the request."""

MAX_ENTRIES = 1000
MAX_LENGTH_DIGITS = 5
"""Bodies whose `Content-Length` has more digits are not kept, so that the journal stays small."""

_SECRET_HEADERS = frozenset({b"x-tune-key", b"authorization", b"proxy-authorization", b"cookie"})
_NO_BODY: Any = object()


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
        self.body = _NO_BODY
        self.status = 0

    def keep(self, body: Any) -> None:
        """Add the decoded body, unless it is large."""
        length = next((value for name, value in self.headers if name == b"content-length"), b"")
        if len(length) <= MAX_LENGTH_DIGITS:
            self.body = body

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
        return entry if self.body is _NO_BODY else {**entry, "body": self.body}


class Journal:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self.count = 0
        self._entries: deque[JournalEntry] = deque(maxlen=MAX_ENTRIES)

    def note(self, scope: Scope, now: int) -> JournalEntry:
        """Add a request. Later layers fill in the operation, the body and the status."""
        self.count += 1
        entry = JournalEntry(self.count, now, scope)
        self._entries.append(entry)
        return entry

    def entries(self, after: int = 0, operation: str | None = None) -> Iterator[JournalEntry]:
        """The entries with a higher number than `after`, of one operation or of all."""
        for entry in self._entries:
            if entry.number > after and operation in (None, entry.operation):
                yield entry
