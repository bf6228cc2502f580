"""How is a moment in time written on the wire?

Inside the mock an instant is an integer: milliseconds since the epoch, in UTC. Integers compare and add
exactly, so a clock moved by ten times 0.1 s is where one moved by 1 s is.
"""

from datetime import UTC, datetime
from functools import lru_cache


def milliseconds(seconds: float) -> int:
    """The whole milliseconds nearest to so many seconds."""
    return round(seconds * 1000)


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=4096)
def rfc3339(instant: int) -> str:
    """The instant as the API writes it: `2024-08-11T10:21:28.861Z`."""
    seconds, rest = divmod(instant, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"
