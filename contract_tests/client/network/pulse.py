"""How much later than it wanted did this process wake up? A late process reads late what arrived in time."""

import threading
import time
from bisect import bisect_left

_PERIOD = 0.05
_NOTED = 0.05


class Pulse:
    """Wakes up all the time, and notes when that was late."""

    def __init__(self) -> None:
        self._lates: list[tuple[float, float]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin, unless it has begun."""
        with self._lock:
            if self._thread.ident is None:
                self._thread.start()

    def close(self) -> None:
        """End."""
        self._ended.set()

    def longest(self, since: float, until: float) -> float:
        """The longest delay in a time, in seconds of a monotonic clock."""
        first = bisect_left(self._lates, (since, 0.0))
        found = (late for at, late in self._lates[first:] if at - late <= until)
        return max(found, default=0.0)

    def _beat(self) -> None:
        while True:
            wanted = time.monotonic() + _PERIOD
            if self._ended.wait(_PERIOD):
                return
            now = time.monotonic()
            if now - wanted > _NOTED:
                self._lates.append((now, now - wanted))
