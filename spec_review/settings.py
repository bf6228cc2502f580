"""Which levels were asked for, and which changes were accepted before?"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from spec_review.catalogue import RULES
from spec_review.change import LEVELS, Accepted, Change, Level
from spec_review.loading import DocumentError
from spec_review.loading.parsed import parse


class SettingsError(Exception):
    """A setting is wrong; the message is one line."""


def levels_of(settings: Iterable[str]) -> dict[str, Level]:
    """`ID=LEVEL` settings as a mapping."""
    result: dict[str, Level] = {}
    for setting in settings:
        id_, _, level = setting.partition("=")
        if id_ not in RULES:
            near = difflib.get_close_matches(id_, RULES, 1)
            hint = f"; did you mean {near[0]}?" if near else "; --rules lists them"
            raise SettingsError(f"--level {setting}: '{id_}' is no id{hint}")
        if level not in LEVELS:
            raise SettingsError(f"--level {setting}: '{level}' is no level; take one of {', '.join(LEVELS)}")
        result[id_] = next(known for known in LEVELS if known == level)
    return result


def levelled(changes: Iterable[Change], levels: Mapping[str, Level]) -> list[Change]:
    """The changes at the levels asked for; an assumed fact stays below error."""
    result = []
    for change in changes:
        level = levels.get(change.id, change.level)
        if change.grade == "assumed" and level == "error":
            level = change.level
        if level != "off":
            result.append(replace(change, level=level))
    return sorted(result, key=lambda change: LEVELS.index(change.level))


@dataclass(frozen=True)
class Entry:
    """One accepted change."""

    fingerprint: str
    accepted: Accepted
    line: int


def accepted_entries(file: Path) -> list[Entry]:
    """The entries of an accepted-changes file: fingerprint, reason and date of each."""
    try:
        parsed = parse(file.read_text(encoding="utf-8"), str(file))
    except DocumentError as error:
        raise SettingsError(str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from None
    listed = parsed.content.get("accepted") if isinstance(parsed.content, dict) else None
    if not isinstance(listed, list):
        raise SettingsError(
            f"{file}: a list under 'accepted' is expected, each entry with fingerprint, reason and date"
        )
    return [
        _entry(entry, f"{file}:{parsed.line(('accepted', str(at)))}", parsed.line(("accepted", str(at))))
        for at, entry in enumerate(listed)
    ]


def _entry(entry: object, place: str, line: int) -> Entry:
    if not isinstance(entry, dict):
        raise SettingsError(f"{place}: an entry with fingerprint, reason and date is expected")
    for key in ("fingerprint", "reason", "date"):
        if not str(entry.get(key) or "").strip():
            raise SettingsError(
                f"{place}: '{key}' is missing; an accepted change says which, why and since when"
            )
    try:
        date.fromisoformat(str(entry["date"]))
    except ValueError:
        raise SettingsError(f"{place}: date '{entry['date']}' is not a date like 2026-01-31") from None
    return Entry(str(entry["fingerprint"]), Accepted(str(entry["reason"]), str(entry["date"])), line)


def accept(changes: Sequence[Change], entries: Sequence[Entry]) -> tuple[list[Change], list[Entry]]:
    """The changes, those accepted marked as such, and the entries that match none any more."""
    known = {entry.fingerprint: entry for entry in entries}
    marked = [
        replace(change, accepted=known[change.fingerprint].accepted)
        if change.fingerprint in known
        else change
        for change in changes
    ]
    met = {change.fingerprint for change in changes}
    return marked, [entry for entry in entries if entry.fingerprint not in met]
