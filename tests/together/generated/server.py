"""How is an application served with every freedom that HTTP gives: framing, case of headers, dates?

The usual server writes lower-case names and frames bodies as it likes. This one does what its options say. It
sends a wrong Content-Length unchanged, so that faults of framing reach the client.
"""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from tests.together.generated.combined import Wire

_LARGEST_HEAD = 1 << 18
_NO_BODY = (204, 304)
Headers = list[tuple[bytes, bytes]]


class Connection:
    """One connection of one client."""

    def __init__(
        self, app: Any, wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._app, self._wire, self._reader, self._writer = app, wire, reader, writer

    async def serve(self) -> None:
        """Answer requests until either side closes."""
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._answer():
                    pass
        finally:
            self._writer.close()

    async def _answer(self) -> bool:
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return False
        line, *lines = head[:-4].split(b"\r\n")
        method, target, _ = line.split(b" ", 2)
        names = [one.partition(b":")[0].strip() for one in lines]
        values = [one.partition(b":")[2].strip() for one in lines]
        headers = [(name.lower(), value) for name, value in zip(names, values, strict=True)]
        body = await self._body(dict(headers))
        answer = _Answer(self._wire, self._writer, method == b"HEAD", self._closes(dict(headers)))
        scope = _scope(method, target, headers) | {"spelled": [name.decode("latin-1") for name in names]}
        await self._app(scope, _receiver(body), answer.send)
        return await answer.end()

    def _closes(self, headers: dict[bytes, bytes]) -> bool:
        return not self._wire.keep_alive or headers.get(b"connection", b"").lower() == b"close"

    async def _body(self, headers: dict[bytes, bytes]) -> bytes:
        if headers.get(b"expect", b"").lower() == b"100-continue":
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get(b"transfer-encoding", b"").lower() != b"chunked":
            return await self._reader.readexactly(int(headers.get(b"content-length", b"0")))
        body = b""
        while size := int((await self._reader.readline()).partition(b";")[0], 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
        return body


class _Answer:
    """Writes one response."""

    def __init__(self, wire: Wire, writer: asyncio.StreamWriter, bodiless: bool, closes: bool) -> None:
        self._wire, self._writer, self._bodiless = wire, writer, bodiless
        self._closes = closes or wire.framing in ("close", "HTTP/1.0")
        self._chunked, self._left = False, 0

    async def send(self, message: dict[str, Any]) -> None:
        """Take what the application sends."""
        if self._writer.is_closing():
            raise OSError("the client has gone")
        if message["type"] == "http.response.start":
            self._head(message["status"], list(message.get("headers", [])))
        else:
            self._piece(message.get("body", b""), message.get("more_body", False))
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise OSError("the client has gone") from error

    def _head(self, status: int, headers: Headers) -> None:
        lengths = [value for name, value in headers if name == b"content-length"]
        framing = self._wire.framing
        self._bodiless = self._bodiless or status in _NO_BODY
        self._chunked = not self._bodiless and (framing == "chunked" or (framing == "length" and not lengths))
        if framing != "length" and not self._bodiless:
            headers = [(name, value) for name, value in headers if name != b"content-length"]
        elif lengths and lengths[0].isdigit():
            self._left = int(lengths[0])
        if self._chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        if self._closes:
            headers.append((b"connection", b"close"))
        version = b"HTTP/1.0" if framing == "HTTP/1.0" else b"HTTP/1.1"
        lines = [b"%s %d %s" % (version, status, _phrase(status))]
        lines += [self._cased(name) + b": " + value for name, value in [*headers, *self._date()]]
        self._writer.write(b"\r\n".join([*lines, b"", b""]))

    def _date(self) -> Headers:
        if self._wire.date == "none":
            return []
        skew = self._wire.skew_seconds if self._wire.date == "own" else 0.0
        return [(b"date", formatdate(time.time() + skew, usegmt=True).encode())]

    def _cased(self, name: bytes) -> bytes:
        return {"title": name.title, "upper": name.upper}.get(self._wire.header_case, name.lower)()

    def _piece(self, data: bytes, more: bool) -> None:
        self._left -= len(data)
        if self._bodiless:
            return
        if self._chunked:
            chunk = b"%x\r\n%s\r\n" % (len(data), data) if data else b""
            self._writer.write(chunk + (b"" if more else b"0\r\n\r\n"))
        else:
            self._writer.write(data)

    async def end(self) -> bool:
        """Whether the connection can be used again."""
        wrong = not self._bodiless and not self._chunked and self._left != 0
        return not self._closes and not wrong


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b"Unknown"


def _scope(method: bytes, target: bytes, headers: Headers) -> dict[str, Any]:
    path, _, query = target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method.decode("latin-1"),
        "scheme": "http",
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
    }


def _receiver(body: bytes) -> Any:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    return receive


async def _serve(app: Any, wire: Wire, listener: socket.socket, ended: "asyncio.Event") -> None:
    open_ones: set[asyncio.StreamWriter] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        with contextlib.suppress(asyncio.CancelledError):
            await Connection(app, wire, reader, writer).serve()

    server = await asyncio.start_server(accept, sock=listener, limit=_LARGEST_HEAD)
    await ended.wait()
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for writer in open_ones:
        writer.transport.abort()
    await asyncio.sleep(0)


@contextlib.contextmanager
def serving(app: Any, wire: Wire, listener: socket.socket | None = None) -> Iterator[str]:
    """Serve an application in a thread while the block lasts; its base URL."""
    listener = listener or socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()
    thread = threading.Thread(target=_run, args=(loop, _serve(app, wire, listener, ended)), daemon=True)
    thread.start()
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(5)


def _run(loop: asyncio.AbstractEventLoop, work: Any) -> None:
    asyncio.set_event_loop(loop)
    # A request that the client gave up leaves errors that do not matter.
    loop.set_exception_handler(lambda *_: None)
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()
