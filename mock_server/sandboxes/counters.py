"""How many requests has a network condition counted, and how long is the next delay?"""

import random
from collections import OrderedDict

from mock_server.simulation.conditions import Delay

MAX_COUNTERS = 10_000
"""Counters of a sandbox. The one that was used least recently is dropped."""


class Counters:
    """Request counters by condition and subject, and the random numbers for delays."""

    def __init__(self, seed: str = "") -> None:
        self._counts: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._random = random.Random(f"latency {seed}")

    def count(self, condition: str, subject: str) -> int:
        """Count a request that a condition applies to; its number for this subject, from 1."""
        key = (condition, subject)
        number = self._counts.pop(key, 0) + 1
        self._counts[key] = number
        if len(self._counts) > MAX_COUNTERS:
            self._counts.popitem(last=False)
        return number

    def delay(self, delay: Delay) -> float:
        """A random delay in seconds."""
        return delay.seconds(self._random)
