"""What time does an RFC 3339 timestamp mean, how precisely, and which of two is earlier?"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

_TEXT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Timestamp:
    """A point in time, in exact seconds since 1970. `precision` is the size of its last digit in seconds."""

    seconds: Fraction
    precision: Fraction

    def before(self, other: "Timestamp") -> bool:
        """Whether this is certainly earlier, although one of the two may be truncated."""
        return self.seconds < other.seconds - _lost(self, other)

    def differs(self, other: "Timestamp") -> bool:
        """Whether the two cannot mean the same time."""
        return self.before(other) or other.before(self)


def _lost(one: Timestamp, other: Timestamp) -> Fraction:
    """The seconds that truncation may have taken. Zero if both have the same precision."""
    return max(one.precision, other.precision) if one.precision != other.precision else Fraction(0)


def parse_timestamp(text: object) -> Timestamp | None:
    """The timestamp in a text, None if it is not an RFC 3339 date and time."""
    found = _TEXT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        offset = timedelta(hours=int(found[10] or 0), minutes=int(found[11] or 0))
        zone = timezone(-offset if found[9] == "-" else offset)
        whole = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone) - _EPOCH
    except (ValueError, OverflowError):
        return None
    if second > 60:
        return None
    digits = found[7] or ""
    precision = Fraction(1, 10 ** len(digits))
    seconds = whole.days * 86400 + whole.seconds + (1 if second == 60 else 0)
    return Timestamp(seconds + int(digits or 0) * precision, precision)
