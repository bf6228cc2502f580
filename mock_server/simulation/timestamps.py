"""How is a timestamp written in JSON?

Inside the mock a timestamp is an integer: milliseconds since the epoch, in UTC. Integers add exactly, so
advancing a clock ten times by 0.1 s is the same as advancing it once by 1 s.
"""

from datetime import UTC, datetime
from functools import lru_cache

LATEST = 221_845_392_000_000
"""The year 9000: years have four digits, and a run that is created then needs some more time."""


def milliseconds(seconds: float) -> int:
    """The nearest whole number of milliseconds."""
    return round(seconds * 1000)


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=4096)
def rfc3339(timestamp: int) -> str:
    """The timestamp as the API writes it: `2024-08-11T10:21:28.861Z`."""
    seconds, rest = divmod(timestamp, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"
