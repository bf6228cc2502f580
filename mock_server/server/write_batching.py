"""How do answers leave?

In few pieces: each piece costs a call of the system, and wakes whoever waits for it. uvicorn writes an
answer's head and body one after the other, as soon as it has them; here they leave together, and with them
the other answers of the same turn of the event loop. Only a stream, which has more to come, waits for nobody.
uvicorn's protocol class is its own seam for this (`http=`).
"""

import asyncio
from contextlib import suppress
from typing import Any

from mock_server.errors import invalid
from mock_server.server.protocol import ResettableProtocol

_HEAD = b"HTTP/1."
_STREAM = b"\r\ntransfer-encoding: chunked\r\n"
_MOST = 16
"""So many answers wait for one another."""
_REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    b"connection: close\r\n\r\n%b"
)


class WriteBatch:
    """What leaves at the end of a turn of the event loop, or when it has become much."""

    def __init__(self) -> None:
        self._waiting: list[BatchedTransport] = []

    def add(self, transport: "BatchedTransport") -> None:
        """Something of this connection waits to be sent."""
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
    """A transport that puts the beginning of an answer into the batch."""

    def __init__(self, transport: asyncio.Transport, batch: WriteBatch) -> None:
        self._transport = transport
        self._batch = batch
        self._kept = b""
        self._streams = False

    def write(self, data: bytes) -> None:
        """Send the data: the head of a stream with its first piece, an answer when the turn is over."""
        if self._kept:
            self._kept += data
            if self._streams:
                self.flush()
        elif data.startswith(_HEAD):
            self._kept, self._streams = data, _STREAM in data
            self._batch.add(self)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Send what was kept, then close."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Send what was kept."""
        if self._kept:
            data, self._kept = self._kept, b""
            # uvloop raises where a connection is lost; others' answers wait behind this one.
            with suppress(RuntimeError):
                self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(ResettableProtocol):
    """The protocol of the mock's own server; its connections share an batch."""

    def __init__(self, *args: Any, batch: WriteBatch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._batch = batch

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to speak."""
        super().connection_made(BatchedTransport(transport, self._batch))  # type: ignore[arg-type]

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP at all, or a path that no server reads, in the one error shape too."""
        body = invalid(f"the request cannot be read: {msg}").body()
        self.transport.write(_REFUSAL % (len(body), body))
        self.transport.close()
