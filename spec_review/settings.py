"""Which levels did the user set, and which changes were accepted earlier?"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from openapi import Grade
from spec_review.catalogue import RULES
from spec_review.change import LEVELS, Accepted, Change, Level
from spec_review.loading import DocumentError, Source
from spec_review.loading.parsed import parse

FIELDS = ("fingerprint", "reason", "date")
"""The fields of an accepted change; all are required."""


class SettingsError(Exception):
    """An option or the accepted-changes file is invalid; the message is one line."""


def levels_of(settings: Iterable[str]) -> dict[str, Level]:
    """The level for each rule id in `ID=LEVEL` settings. Raises `SettingsError` for an unknown one."""
    result: dict[str, Level] = {}
    for setting in settings:
        id_, _, level = setting.partition("=")
        if id_ not in RULES:
            near = difflib.get_close_matches(id_, RULES, 1)
            hint = f"; did you mean {near[0]}?" if near else "; --rules lists all ids"
            raise SettingsError(f"--level {setting}: '{id_}' is not a rule id{hint}")
        if level not in LEVELS:
            raise SettingsError(
                f"--level {setting}: '{level}' is not a level; use one of {', '.join(LEVELS)}"
            )
        result[id_] = next(known for known in LEVELS if known == level)
    return result


def apply_levels(changes: Iterable[Change], levels: Mapping[str, Level]) -> list[Change]:
    """The changes with the levels that were set; a change to an assumed fact never becomes an error."""
    result = []
    for change in changes:
        level = levels.get(change.id, change.level)
        if change.grade == Grade.ASSUMED and level == "error":
            level = change.level
        if level != "off":
            result.append(replace(change, level=level))
    return sorted(result, key=lambda change: LEVELS.index(change.level))


@dataclass(frozen=True)
class Entry:
    """One accepted change and its line in the file."""

    fingerprint: str
    accepted: Accepted
    line: int


def accepted_entries(file: Path) -> list[Entry]:
    """The entries of an accepted-changes file. Raises `SettingsError` when the file is invalid."""
    try:
        parsed = parse(Source(str(file), file.read_bytes()))
    except DocumentError as error:
        raise SettingsError(str(error)) from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from None
    listed = parsed.content.get("accepted") if isinstance(parsed.content, dict) else None
    if not isinstance(listed, list):
        raise SettingsError(f"{file}: expected a list under 'accepted'; each entry has {_listed(FIELDS)}")
    return [
        _entry(entry, f"{file}:{parsed.line(('accepted', str(at)))}", parsed.line(("accepted", str(at))))
        for at, entry in enumerate(listed)
    ]


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _entry(entry: object, place: str, line: int) -> Entry:
    if not isinstance(entry, dict):
        raise SettingsError(f"{place}: expected an entry with {_listed(FIELDS)}")
    for key in FIELDS:
        if not str(entry.get(key) or "").strip():
            raise SettingsError(f"{place}: '{key}' is missing; an entry requires {_listed(FIELDS)}")
    try:
        date.fromisoformat(str(entry["date"]))
    except ValueError:
        raise SettingsError(f"{place}: date '{entry['date']}' is not a date like 2026-01-31") from None
    return Entry(str(entry["fingerprint"]), Accepted(str(entry["reason"]), str(entry["date"])), line)


def apply_accepted(changes: Sequence[Change], entries: Sequence[Entry]) -> tuple[list[Change], list[Entry]]:
    """The changes with accepted ones marked, and the stale entries: those that match no change."""
    known = {entry.fingerprint: entry for entry in entries}
    marked = [
        replace(change, accepted=known[change.fingerprint].accepted)
        if change.fingerprint in known
        else change
        for change in changes
    ]
    matched = {change.fingerprint for change in changes}
    return marked, [entry for entry in entries if entry.fingerprint not in matched]
