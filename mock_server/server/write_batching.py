"""How are responses written with few system calls?

Each write is a system call, and wakes the client. uvicorn writes the head and the body of a response
separately. Here they are written together, at the end of an iteration of the event loop. Streams are written
at once. uvicorn offers its option `http=` for such a protocol class.
"""

import asyncio
from contextlib import suppress
from typing import Any

from mock_server.errors import invalid
from mock_server.server.protocol import ResettableProtocol

_HEAD = b"HTTP/1."
_STREAM = b"\r\ntransfer-encoding: chunked\r\n"
_MOST = 16
"""The largest number of responses in a batch."""
_REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    b"connection: close\r\n\r\n%b"
)


class WriteBatch:
    """Connections to flush at the end of an iteration of the event loop, or when the batch is full."""

    def __init__(self) -> None:
        self._waiting: list[BatchedTransport] = []

    def add(self, transport: "BatchedTransport") -> None:
        """Flush this connection with the batch."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._send)
        self._waiting.append(transport)
        if len(self._waiting) >= _MOST:
            self._send()

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for transport in waiting:
            transport.flush()


class BatchedTransport:
    """A transport that buffers the beginning of a response until the batch is flushed."""

    def __init__(self, transport: asyncio.Transport, batch: WriteBatch) -> None:
        self._transport = transport
        self._batch = batch
        self._buffer = b""
        self._streams = False

    def write(self, data: bytes) -> None:
        """Buffer a response until the batch is flushed; write a stream's head with its first chunk."""
        if self._buffer:
            self._buffer += data
            if self._streams:
                self.flush()
        elif data.startswith(_HEAD):
            self._buffer, self._streams = data, _STREAM in data
            self._batch.add(self)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Write the buffer, then close."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Write the buffer."""
        if self._buffer:
            data, self._buffer = self._buffer, b""
            # uvloop raises if the connection is lost; the other responses of the batch must still be written.
            with suppress(RuntimeError):
                self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(ResettableProtocol):
    """The protocol of the mock's server; its connections share a batch."""

    def __init__(self, *args: Any, batch: WriteBatch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._batch = batch

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start on a new connection."""
        super().connection_made(BatchedTransport(transport, self._batch))  # type: ignore[arg-type]

    def send_400_response(self, msg: str) -> None:
        """Refuse data that is not HTTP with an error in the usual format."""
        body = invalid(f"the request cannot be parsed: {msg}").body()
        self.transport.write(_REFUSAL % (len(body), body))
        self.transport.close()
