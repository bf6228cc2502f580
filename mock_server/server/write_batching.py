"""How are responses written to sockets with few system calls?

Each write costs a system call and wakes the client. uvicorn writes the head and the body of a response
separately. This module writes them together, at the end of the current iteration of the event loop, with the
other responses of that iteration. A stream is not held back: its head leaves with its first chunk.
uvicorn accepts a protocol class for this purpose (`http=`).
"""

import asyncio
from contextlib import suppress
from typing import Any

from mock_server.errors import Refusal
from mock_server.server.protocol import ResettableProtocol

_RESPONSE_HEAD = b"HTTP/1."
_CHUNKED = b"\r\ntransfer-encoding: chunked\r\n"
_MOST = 16
"""Write the batch once it holds this number of responses."""


class WriteBatch:
    """Responses to write at the end of the current iteration of the event loop, or once there are `_MOST`."""

    def __init__(self) -> None:
        self._waiting: list[BatchedTransport] = []

    def add(self, transport: "BatchedTransport") -> None:
        """Add a connection that has data to write."""
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
    """A transport that buffers the start of a response until its batch is written."""

    def __init__(self, transport: asyncio.Transport, batch: WriteBatch) -> None:
        self._transport = transport
        self._batch = batch
        self._buffered = b""
        self._is_stream = False

    def write(self, data: bytes) -> None:
        """Write data: the head of a stream with its first chunk, other responses with the batch."""
        if self._buffered:
            self._buffered += data
            if self._is_stream:
                self.flush()
        elif data.startswith(_RESPONSE_HEAD):
            self._buffered, self._is_stream = data, _CHUNKED in data
            self._batch.add(self)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Write the buffered data, then close."""
        self.flush()
        self._transport.close()

    def write_eof(self) -> None:
        """Write the buffered data, then tell the client that nothing follows."""
        self.flush()
        with suppress(RuntimeError, OSError):
            self._transport.write_eof()

    def flush(self) -> None:
        """Write the buffered data."""
        if self._buffered:
            data, self._buffered = self._buffered, b""
            # uvloop raises if the connection was lost. The rest of the batch must still be written.
            with suppress(RuntimeError):
                self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(ResettableProtocol):
    """The HTTP protocol of the server; all connections share one batch."""

    def __init__(self, *args: Any, batch: WriteBatch, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._batch, self._most = batch, most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wrap the transport of a new connection."""
        super().connection_made(BatchedTransport(transport, self._batch))  # type: ignore[arg-type]
        if len(self.connections) > self._most:
            self.refuse(Refusal("unavailable", f"the mock serves at most {self._most} connections"))
