"""How much of a request does the server read before it knows what to do with it?

uvicorn and its parser keep the headers of a request without a limit. This protocol refuses a request with too
many headers, or too many bytes of them, and ignores headers after a chunked body. A header that never ends is
refused too, wherever it comes. `connections` limits their number and the time that a request takes.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.errors import Refusal, invalid

LARGEST_HEAD = 16 * 1024
"""Bytes of the request line and the headers, as in Node.js."""
MOST_HEADERS = 100
LINGER = 1.0
"""Seconds for which a refused client may go on sending what is ignored."""
_REASONS = {
    400: b"Bad Request",
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}
_RESPONSE = (
    b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
)


class _Dropped(list[Any]):
    """A list that stays empty."""

    def append(self, _: Any) -> None:
        """Do nothing."""


_DROPPED = _Dropped()


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with limits. Its errors have the form of all others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._refusal: Refusal | None = None
        # Bytes since the last end of a head, part of a body, or end of a request.
        self._unfinished = 0
        # Whether the client still has to send something: at first it does.
        self.is_incomplete = True
        # How often the request was found incomplete, and the one before it.
        self.looks = 0
        self.looked_at: Any = None

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection, and let go of what refers back to it.

        The last request and its scope refer to the protocol. Without these cycles its memory is
        free at once, not only when the garbage collector comes.
        """
        super().connection_lost(exc)
        self.cycle = self.scope = self.looked_at = None  # type: ignore[assignment]

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.is_incomplete = True
        super().on_message_begin()

    def data_received(self, data: bytes) -> None:
        """Parse data, unless the connection is about to close."""
        if self._refusal or self.parser is None:
            return
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > LARGEST_HEAD and not self._refusal:
            self.refuse(_too_large())

    def on_headers_complete(self) -> None:
        """Refuse a large head. Headers that follow a chunked body are dropped."""
        if self._unfinished > LARGEST_HEAD or len(self.headers) > MOST_HEADERS:
            self._check_head()
        self._unfinished = 0
        super().on_headers_complete()
        self.headers = _DROPPED

    def on_body(self, body: bytes) -> None:
        """Pass on a part of the body."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        self._unfinished = 0
        self.is_incomplete = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that is not valid HTTP, or whose head is too large."""
        self.refuse(self._refusal or invalid(f"the request cannot be read: {msg}"))

    def shutdown(self) -> None:
        """Close as uvicorn does, and also if a request is incomplete: its client may never complete it."""
        if self._refusal or (self.cycle and not self.cycle.response_complete and self.cycle.more_body):
            self.transport.close()
        else:
            super().shutdown()

    def _check_head(self) -> None:
        """Raise `Refusal` if the head is too large; the bytes that were counted may include a body."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > LARGEST_HEAD or len(self.headers) > MOST_HEADERS:
            self._refusal = _too_large()
            raise self._refusal

    def refuse(self, refusal: Refusal) -> None:
        """Send an error and close the connection; only close it if a response has begun."""
        self._refusal = refusal
        if self.transport.is_closing():
            return
        if self.cycle and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.abort()
            return
        body = refusal.body()
        self.transport.write(_RESPONSE % (refusal.status, _REASONS[refusal.status], len(body), body))
        # If the connection was closed while the client still sends, the client might not see the response.
        self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)


def _too_large() -> Refusal:
    message = (
        f"the headers have too many bytes; at most {LARGEST_HEAD} and {MOST_HEADERS} headers are accepted"
    )
    return Refusal("resource_exhausted", message, status=431)
