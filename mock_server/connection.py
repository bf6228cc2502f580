"""How do an answer's head and the beginning of its body leave in one piece?

uvicorn writes them one after the other; two small packets for each answer cost the server twice, and wake the
client twice. Its protocol class is its own seam for this (`http=`).
"""

import asyncio
from typing import Any

from mock_server.errors import invalid
from mock_server.reset import ResettableProtocol

_HEAD = b"HTTP/1."
_REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    b"connection: close\r\n\r\n%b"
)


class _Corked:
    """A transport that keeps an answer's head until the next write, or the next turn of the event loop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self._soon = asyncio.get_running_loop().call_soon

    def write(self, data: bytes) -> None:
        """Send the data; a head waits for what follows it."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_HEAD):
            self._head = data
            self._soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        """Send what was kept, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(ResettableProtocol):
    """The protocol of the mock's own server."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to speak."""
        super().connection_made(_Corked(transport))  # type: ignore[arg-type]

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP at all, or a path that no server reads, in the one error shape too."""
        body = invalid(f"the request cannot be read: {msg}").body()
        self.transport.write(_REFUSAL % (len(body), body))
        self.transport.close()
