"""Which releases does the changelog list, and is it well formed?"""

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

SECTIONS = ("Contract", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
_RELEASE = re.compile(r"## \[(?P<version>\d+\.\d+\.\d+)\] - (?P<day>\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Release:
    """A released version and its date."""

    version: str
    day: date

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers, for comparison."""
        return tuple(int(part) for part in self.version.split("."))


def releases(text: str) -> list[Release]:
    """The released versions in the order of the file, newest first."""
    found = [match for line in text.splitlines() if (match := _RELEASE.fullmatch(line))]
    return [Release(match["version"], date.fromisoformat(match["day"])) for match in found]


def mistakes(text: str) -> list[str]:
    """The deviations from Keep a Changelog, one string each with its line number."""
    lines = text.splitlines()
    found = [] if lines[:1] == ["# Changelog"] else ["line 1: the title is '# Changelog'"]
    for number, line in enumerate(lines, start=1):
        if line.startswith("## ") and line != "## [Unreleased]" and not _RELEASE.fullmatch(line):
            found.append(f"line {number}: a release is '## [1.2.3] - 2024-12-31', not {line!r}")
        if line.startswith("### "):
            found += _section_mistakes(number, line, lines[number:])
    return found + _order_mistakes(text)


def _section_mistakes(number: int, line: str, after: list[str]) -> list[str]:
    found = []
    if line.removeprefix("### ") not in SECTIONS:
        found.append(f"line {number}: a heading is one of {', '.join(SECTIONS)}, not {line!r}")
    if not next((later for later in after if later.strip()), "").startswith("- "):
        found.append(f"line {number}: {line!r} has no list below it")
    return found


def _order_mistakes(text: str) -> list[str]:
    known = releases(text)
    found = [] if known else ["no release"]
    for newer, older in pairwise(known):
        if newer.order <= older.order or newer.day < older.day:
            found.append(f"{newer.version} is above {older.version}: the newest release comes first")
    return found
