"""What time is it in the mock, and who wakes whoever waits for a later time?

Time is virtual: an instant is milliseconds since the epoch (see `instants`). A `RealClock` runs, perhaps scaled;
a `ManualClock` stands until it is told. Whoever waits names a key, usually a run's id, so that somebody else who
changes that run can wake it early; a waiter woken looks again at what is due.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from mock_server.instants import milliseconds

KEEP_ALIVE = 15.0


class Clock(Protocol):
    """What the rest of the mock asks of a clock."""

    def now(self) -> int:
        """The present instant."""

    @property
    def keep_alive(self) -> int:
        """After so many virtual milliseconds of silence a stream sends a comment."""

    async def wait_until(self, instant: int, key: str) -> None:
        """Return at the instant, or earlier if the clock was changed or the key was woken."""

    def wake(self, key: str | None = None) -> None:
        """Wake whoever waits under the key, or everybody."""


class _Waiting:
    """The futures of those who wait, by key."""

    def __init__(self) -> None:
        self._futures: dict[str, set[asyncio.Future[None]]] = {}

    def wake(self, key: str | None = None) -> None:
        """Wake whoever waits under the key, or everybody."""
        keys = list(self._futures) if key is None else [key]
        for name in keys:
            for future in self._futures.get(name, ()):
                _resolve(future)

    async def _wait(
        self, key: str, timer: Callable[[asyncio.Future[None]], asyncio.TimerHandle | None]
    ) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        futures = self._futures.setdefault(key, set())
        futures.add(future)
        handle = timer(future)
        try:
            await future
        finally:
            if handle is not None:
                handle.cancel()
            futures.discard(future)
            if not futures:
                self._futures.pop(key, None)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class RealClock(_Waiting):
    """Time as it passes, `speed` times as fast; it starts at the wall's time and never runs backwards."""

    def __init__(self, speed: float = 1.0) -> None:
        super().__init__()
        self._speed = speed
        self._origin = time.time()
        self._started = time.monotonic()

    def now(self) -> int:
        """The present instant."""
        return int((self._origin + (time.monotonic() - self._started) * self._speed) * 1000)

    @property
    def keep_alive(self) -> int:
        """15 seconds of the client's own time, whatever the speed."""
        return milliseconds(KEEP_ALIVE * self._speed)

    def scale(self, speed: float) -> None:
        """Run so many times as fast from now on."""
        now = time.monotonic()
        self._origin += (now - self._started) * self._speed
        self._started, self._speed = now, speed
        self.wake()

    async def wait_until(self, instant: int, key: str) -> None:
        """Return at the instant, or earlier if the clock was changed or the key was woken."""
        delay = (instant - self.now()) / 1000 / self._speed
        if delay > 0:
            loop = asyncio.get_running_loop()
            await self._wait(key, lambda future: loop.call_later(delay, _resolve, future))


class ManualClock(_Waiting):
    """Time that passes only when told; for tests and for whoever looks at one moment for long."""

    def __init__(self, start: int = 1_735_689_600_000) -> None:
        super().__init__()
        self._now = start

    def now(self) -> int:
        """The present instant."""
        return self._now

    @property
    def keep_alive(self) -> int:
        """15 virtual seconds."""
        return milliseconds(KEEP_ALIVE)

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self.move_to(self._now + milliseconds(seconds))

    def move_to(self, instant: int) -> None:
        """Go to a later instant."""
        if instant < self._now:
            raise ValueError(f"the clock cannot go back from {self._now} to {instant}")
        self._now = instant
        self.wake()

    async def wait_until(self, instant: int, key: str) -> None:
        """Return at the instant, or earlier if the clock was changed or the key was woken."""
        if instant > self._now:
            await self._wait(key, lambda future: None)
