"""The how-manieth call is this, and how long is this one delayed?

What wire conditions have to remember from call to call.
"""

import random
from collections import OrderedDict

from mock_server.simulation.conditions import Delay

MOST = 10_000


class Counters:
    """Counts of calls by subject, and the dice of delays."""

    def __init__(self, seed: str = "") -> None:
        self._counts: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._dice = random.Random(f"latency {seed}")

    def count(self, condition: str, subject: str) -> int:
        """The number of this call among those that a condition concerns, for one subject."""
        key = (condition, subject)
        number = self._counts.pop(key, 0) + 1
        self._counts[key] = number
        if len(self._counts) > MOST:
            self._counts.popitem(last=False)
        return number

    def delay(self, delay: Delay) -> float:
        """One throw of a delay, in seconds."""
        return delay.seconds(self._dice)
