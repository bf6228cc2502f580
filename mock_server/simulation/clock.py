"""What time is it in the mock, and who wakes whoever waits for a later time?

Time is virtual: an instant is milliseconds since the epoch (see `instants`). It passes at a speed, 0 on a
frozen clock, and can be moved forward. Whoever waits names a key, usually a run's id, so that somebody else
who changes that run can wake it early; a waiter woken looks again at what is due.
"""

import asyncio
import time

from mock_server.simulation.timestamps import milliseconds

KEEP_ALIVE = 15.0
START = 1_735_689_600_000
"""Where a clock begins that is frozen from the start, so that the same seed gives the same: 2025 in UTC."""


class Clock:
    """Virtual time; it never runs backwards. Without a start, a clock that runs starts at the wall's time."""

    def __init__(self, speed: float = 1.0, start: int | None = None) -> None:
        self.speed = speed
        self._instant: float = (START if speed == 0 else time.time() * 1000) if start is None else start
        self._since = time.monotonic()
        self._futures: dict[str, set[asyncio.Future[None]]] = {}

    def now(self) -> int:
        """The present instant."""
        if self.speed == 0:
            return int(self._instant)
        return int(self._instant + (time.monotonic() - self._since) * self.speed * 1000)

    @property
    def keep_alive(self) -> int:
        """After so many virtual milliseconds, 15 seconds of the client's, a silent stream sends a comment."""
        return milliseconds(KEEP_ALIVE * (self.speed or 1.0))

    def scale(self, speed: float) -> None:
        """Run so many times as fast from now on; 0 freezes."""
        self._instant, self._since, self.speed = self.now(), time.monotonic(), speed
        self.wake()

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self.move_to(self.now() + milliseconds(seconds))

    def move_to(self, instant: int) -> None:
        """Go to a later instant."""
        now = self.now()
        if instant < now:
            raise ValueError(f"the clock cannot go back from {now} to {instant}")
        self._instant, self._since = instant, time.monotonic()
        self.wake()

    def wake(self, key: str | None = None) -> None:
        """Wake whoever waits under the key, or everybody."""
        for name in list(self._futures) if key is None else [key]:
            for future in self._futures.get(name, ()):
                _resolve(future)

    async def wait_until(self, instant: int, key: str) -> None:
        """Return at the instant, or earlier if the clock was changed or the key was woken."""
        milliseconds_left = instant - self.now()
        if milliseconds_left <= 0:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        futures = self._futures.setdefault(key, set())
        futures.add(future)
        timer = (
            loop.call_later(milliseconds_left / 1000 / self.speed, _resolve, future) if self.speed else None
        )
        try:
            await future
        finally:
            if timer is not None:
                timer.cancel()
            futures.discard(future)
            if not futures and self._futures.get(key) is futures:
                del self._futures[key]


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
