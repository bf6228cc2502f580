"""What does a network do that resets some connections? A proxy between the checker and a deployment.

One request in a hundred, or another share, meets a reset: before it is sent on, after that, or within its
response.
"""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

BEFORE, AFTER, WITHIN = "before", "after", "within"
_RESET = struct.pack("ii", 1, 0)
_PIECE = 65536


@dataclass
class Resets:
    """Which requests meet a reset, and how many did."""

    share: float
    random: random.Random
    moments: tuple[str, ...] = (BEFORE, AFTER, WITHIN)
    met: list[str] = field(default_factory=list)

    def next(self) -> str:
        """The moment at which the next request meets a reset, empty if it meets none."""
        if self.random.random() >= self.share:
            return ""
        self.met.append(self.random.choice(self.moments))
        return self.met[-1]


@dataclass
class _Connection:
    """One connection of a client, and the one that it is forwarded by."""

    resets: Resets
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server_reader: asyncio.StreamReader
    server_writer: asyncio.StreamWriter
    moment: str = ""

    async def requests(self) -> None:
        """Forward what the client sends until it ends, or until a reset."""
        while data := await self.reader.read(_PIECE):
            self.moment = self.moment or self.resets.next()
            if self.moment == BEFORE:
                return
            self.server_writer.write(data)
            if self.moment == AFTER:
                await self.server_writer.drain()
                return
        self.server_writer.write_eof()

    async def responses(self) -> None:
        """Forward what the deployment sends until it ends, or until a reset."""
        while data := await self.server_reader.read(_PIECE):
            if self.moment == WITHIN:
                self.writer.write(data[: len(data) // 2])
                await self.writer.drain()
                return
            self.writer.write(data)
        self.writer.write_eof()

    async def serve(self) -> None:
        """Forward in both directions. The first reset ends both."""
        directions = [asyncio.ensure_future(one) for one in (self.requests(), self.responses())]
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        if self.moment:
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        else:
            await asyncio.wait(directions, timeout=1)
        for one in directions:
            one.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
        for writer in (self.server_writer, self.writer):
            writer.transport.abort() if self.moment else writer.close()


async def _accept(
    resets: Resets, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with suppress(OSError):
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
        await _Connection(resets, reader, writer, server_reader, server_writer).serve()


@contextmanager
def resetting(url: str, resets: Resets) -> Iterator[str]:
    """Forward requests to a deployment for the duration of the block. Yields the URL to send them to."""
    loop, target = asyncio.new_event_loop(), urlsplit(url)
    accept = partial(_accept, resets, target.port or 80)
    server = loop.run_until_complete(asyncio.start_server(accept, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{target.path}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
