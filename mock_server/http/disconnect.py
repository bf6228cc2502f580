"""Is the client still connected while it waits for a response?"""

import asyncio
from types import TracebackType

from mock_server.http.request import Request

_LONG = 86_400_000
"""Milliseconds for which a task waits that only a disconnect should wake."""


class Client:
    """Watches the connection during the block. A disconnect wakes the tasks that wait under `key`."""

    def __init__(self, request: Request, key: str) -> None:
        self._request, self._key = request, key
        self._gone = False

    @property
    def here(self) -> bool:
        """Whether the client is connected and the server is not stopping."""
        return not (self._gone or self._request.sandbox.closing)

    async def gone(self) -> None:
        """Return when the client has disconnected or the server is stopping."""
        clock = self._request.sandbox.clock_of(self._key)
        while self.here:
            await clock.wait_until(clock.now() + _LONG, self._key)

    async def __aenter__(self) -> "Client":
        self._request.sandbox.waiting += 1
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._request.sandbox.waiting -= 1
        self._task.cancel()
        # The task refers to this object: without this line its memory would wait for the garbage collector.
        del self._task

    async def _watch(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._request.sandbox.clock_of(self._key).wake(self._key)
