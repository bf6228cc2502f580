"""Is the memory of a request and of a connection freed without the garbage collector?"""

import asyncio
import gc
import socket
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp

from mock_server import Settings, create_app
from mock_server.server.write_batching import Protocol
from mock_server.testing import running
from tests.mock_server.conftest import document

RUNS = "/v1/threads/t/runs"
KEY = (b"x-tune-key", b"sk-tune-test")
REQUESTS = {
    "created": ("POST", RUNS, b'{"model": "mock/instant", "metadata": {"a": 1}}', KEY),
    "streamed": ("POST", RUNS, b'{"model": "mock/instant", "stream": true}', KEY),
    "listed": ("GET", RUNS, b"", KEY),
    "with an unknown scenario": ("POST", RUNS, b'{"model": "mock/none"}', KEY),
    "invalid": ("POST", RUNS, b'{"model": 7}', KEY),
    "not JSON": ("POST", RUNS, b"{", KEY),
    "without a key": ("GET", RUNS, b"", (b"accept", b"*/*")),
    "with an unknown path": ("GET", "/v2", b"", KEY),
    "to the control API": ("GET", "/_mock", b"", KEY),
}


class _Receive:
    """The body of one request. A class, because a closure here would itself be a reference cycle."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __call__(self) -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": self._body, "more_body": False}


async def _send(message: MutableMapping[str, Any]) -> None:
    """Discard the response."""


async def _request(app: ASGIApp, method: str, path: str, body: bytes, header: tuple[bytes, bytes]) -> None:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [header, (b"content-type", b"application/json")],
    }
    await app(scope, _Receive(body), _send)


@contextmanager
def _garbage() -> Iterator[list[Any]]:
    """The objects that only the garbage collector frees after the block."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    found: list[Any] = []
    try:
        yield found
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_leaves_no_reference_cycle(kind: str) -> None:
    app = create_app(Settings(quiet=True), document=document())

    async def work() -> list[Any]:
        await _request(app, *REQUESTS[kind])
        with _garbage() as found:
            await _request(app, *REQUESTS[kind])
        return found

    left = asyncio.run(work())
    assert [one for one in left if type(one).__module__.startswith("mock_server")] == []


HEAD = b"POST /v1/threads/t/runs HTTP/1.1\r\nHost: localhost\r\nX-Tune-Key: k\r\n"
HEAD += b"Content-Type: application/json\r\n"
# What a client sends, and how many bytes of the response it reads before it leaves.
CLIENTS = {
    "is refused": (b"POST\r\n\r\n", 10**6),
    "leaves in the middle of a body": (HEAD + b"Content-Length: 99\r\n\r\n{", 0),
    "reads a response": (HEAD + b'Connection: close\r\nContent-Length: 16\r\n\r\n{"model":"mock"}', 10**6),
    "leaves a stream": (HEAD + b'Content-Length: 30\r\n\r\n{"model":"mock","stream": true}', 1),
    "reads a stream": (
        HEAD + b'Connection: close\r\nContent-Length: 38\r\n\r\n{"model":"mock/instant","stream":true}',
        10**6,
    ),
}


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_connection_leaves_no_reference_cycle(kind: str) -> None:
    with running(Settings(port=0, quiet=True)) as mock:
        gc.collect()
        gc.disable()
        try:
            for _ in range(5):
                _visit(mock.origin, *CLIENTS[kind])
            end = time.monotonic() + 20
            while _connections() > 1 and time.monotonic() < end:
                mock.overview()
            assert _connections() <= 1
        finally:
            gc.enable()


def _visit(origin: str, sent: bytes, most: int) -> None:
    """Send bytes on a new connection, read at most the given number, and leave."""
    host, port = origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(sent)
        while most > 0 and (data := connection.recv(65536)):
            most -= len(data)


def _connections() -> int:
    """How many connections the servers of this process remember. One may be that of the control call."""
    return sum(type(one) is Protocol for one in gc.get_objects())
