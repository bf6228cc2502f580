"""Is a request's memory freed without the garbage collector?"""

import asyncio
import gc
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp

from mock_server import Settings, create_app
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
