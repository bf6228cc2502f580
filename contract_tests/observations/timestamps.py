"""Which moment does an RFC 3339 text name, how precisely, and which of two comes first?"""

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
class Moment:
    """A moment in seconds since 1970, exactly as it was written, and the size of its last digit."""

    seconds: Fraction
    grain: Fraction

    def before(self, other: "Moment") -> bool:
        """Whether this moment is surely earlier, whatever a coarser clock has cut off."""
        return self.seconds < other.seconds - _lost(self, other)

    def differs(self, other: "Moment") -> bool:
        """Whether two texts can't mean the same moment."""
        return self.before(other) or other.before(self)


def _lost(one: Moment, other: Moment) -> Fraction:
    """What cutting digits off can have changed; nothing if both have the same digits."""
    return max(one.grain, other.grain) if one.grain != other.grain else Fraction(0)


def moment(text: object) -> Moment | None:
    """The moment that a text names, None if it is no RFC 3339 date and time."""
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
    grain = Fraction(1, 10 ** len(digits))
    seconds = whole.days * 86400 + whole.seconds + (1 if second == 60 else 0)
    return Moment(seconds + int(digits or 0) * grain, grain)
