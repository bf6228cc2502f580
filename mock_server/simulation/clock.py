"""What time is it in the mock, and how does a task wait for a later time?

Time is virtual. It passes at a speed, which is 0 for a frozen clock, and it can be moved forward. A task
waits under a key, usually a run's id. A request that changes the run wakes the task, which then checks again
what is due.
"""

import asyncio
import time

from mock_server.simulation.timestamps import milliseconds

KEEP_ALIVE = 15.0
"""Real seconds without an event after which a stream sends a comment."""
LONGEST_WAIT = 86_400.0
"""Real seconds after which a task that waits looks again what is due."""
START = 1_735_689_600_000
"""The time at which a frozen clock starts, so that the same seed gives the same output: 2025 in UTC."""


class Clock:
    """Virtual time. It never goes back. Unless a start is given, a running clock starts at the real time."""

    def __init__(self, speed: float = 1.0, start: int | None = None) -> None:
        self.speed = speed
        self._time: float = (START if speed == 0 else time.time() * 1000) if start is None else start
        self._since = time.monotonic()
        self._futures: dict[str, set[asyncio.Future[None]]] = {}

    def now(self) -> int:
        """The current time, as a timestamp."""
        if self.speed == 0:
            return int(self._time)
        return int(self._time + (time.monotonic() - self._since) * self.speed * 1000)

    @property
    def keep_alive(self) -> int:
        """The virtual milliseconds without an event after which a stream sends a comment.

        At least one: at a very low speed, a stream would otherwise send comments without a pause.
        """
        return max(milliseconds(KEEP_ALIVE * (self.speed or 1.0)), 1)

    def scale(self, speed: float) -> None:
        """Set the speed: 1 is real time, 0 freezes the clock."""
        self._time, self._since, self.speed = self.now(), time.monotonic(), speed
        self.wake()

    def advance(self, seconds: float) -> None:
        """Move the clock forward by a number of seconds."""
        self.move_to(self.now() + milliseconds(seconds))

    def move_to(self, timestamp: int) -> None:
        """Move the clock forward to a timestamp. Raises `ValueError` if it is in the past."""
        now = self.now()
        if timestamp < now:
            raise ValueError(f"the clock cannot go back from {now} to {timestamp}")
        self._time, self._since = timestamp, time.monotonic()
        self.wake()

    def wake(self, key: str | None = None) -> None:
        """Wake the tasks that wait under a key; without a key, all tasks."""
        for name in list(self._futures) if key is None else [key]:
            for future in self._futures.get(name, ()):
                _resolve(future)

    async def wait_until(self, timestamp: int, key: str) -> None:
        """Return at the timestamp, or earlier if the clock is changed or the key is woken."""
        milliseconds_left = timestamp - self.now()
        if milliseconds_left <= 0:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        futures = self._futures.setdefault(key, set())
        futures.add(future)
        # The task looks again after the longest wait: event loops refuse a timer that is years ahead.
        seconds = min(milliseconds_left / 1000 / self.speed, LONGEST_WAIT) if self.speed else None
        timer = loop.call_later(seconds, _resolve, future) if seconds is not None else None
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
