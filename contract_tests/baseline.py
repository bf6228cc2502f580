"""Which differences are known and accepted, and do they still exist?"""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from contract_tests.findings import Finding, Outcome
from contract_tests.previous import Previous
from contract_tests.settings import UsageError
from openapi import Grade

EXPIRED, GONE = "known-difference-expired", "known-difference-gone"
_KEYS = {"slug": True, "place": False, "reason": True, "expires": True}
_HEADER = """\
# Known differences, for tune-check --known. An expired entry fails: renew its date and state the reason.
# --prune-known removes entries that no longer differ. An entry without a place covers all places.
"""
# A value on one line without quotes, and the comment after it.
_BARE = re.compile(r"(?m)^([ \t]*(?:-[ \t]+)?place:[ \t]+)(?![\"'|>])(\S.*?)([ \t]*(?:\r?$|[ \t]{2,}#.*$))")
_UNEXPLAINED = "not explained yet"
_DAYS = 30


@dataclass(frozen=True)
class Entry:
    """A difference that is accepted until a day. `line` and `end` are its first and last line in the file."""

    slug: str
    place: str
    reason: str
    expires: date
    line: int
    end: int

    def __str__(self) -> str:
        return f"{self.slug} at {self.place}" if self.place else self.slug

    def covers(self, finding: Finding) -> bool:
        """Whether this entry is about the finding."""
        broken = finding.outcome is Outcome.BROKEN
        return broken and self.slug == finding.slug and self.place in ("", finding.place)


@dataclass(frozen=True)
class Applied:
    """Findings, split into those left and those accepted. The latter have their reasons."""

    left: tuple[Finding, ...]
    accepted: tuple[tuple[Finding, str], ...]

    def without(self, previous: Previous) -> "Applied":
        """The same, with the findings of an earlier report accepted."""
        old = tuple((one, previous.reason) for one in self.left if previous.has(one))
        new = tuple(one for one in self.left if not previous.has(one))
        return Applied(new, (*self.accepted, *old))


@dataclass(frozen=True)
class Known:
    """The known differences in a file, none if there is no file."""

    path: str = ""
    entries: tuple[Entry, ...] = ()

    def names(self, finding: Finding) -> bool:
        """Whether an entry, expired or not, is about the finding."""
        return any(entry.covers(finding) for entry in self.entries)

    def accept(self, findings: Iterable[Finding], today: date) -> Applied:
        """Set aside the findings that are known until today or later."""
        left: list[Finding] = []
        accepted: list[tuple[Finding, str]] = []
        for finding in findings:
            valid = (one for one in self.entries if one.covers(finding) and today <= one.expires)
            entry = next(valid, None)
            if entry is None:
                left.append(finding)
            else:
                accepted.append((finding, entry.reason))
        return Applied(tuple(left), tuple(accepted))

    def expired(self, findings: Collection[Finding], today: date) -> Iterator[Finding]:
        """Findings about entries that still differ and have expired. `findings` include the accepted ones."""
        for entry in self.entries:
            if today > entry.expires and any(entry.covers(one) for one in findings):
                seen = f"{entry} still differs, the entry expired on {entry.expires}"
                advice = "fix the service, or renew the date with a reason"
                yield _about(EXPIRED, f"{self.path}:{entry.line}", seen, advice)

    def gone(self, findings: Collection[Finding], tried: Collection[str]) -> tuple[Entry, ...]:
        """The entries that no longer differ. `tried` are the checks that saw all they could see."""
        chosen = (one for one in self.entries if one.slug in tried)
        return tuple(one for one in chosen if not any(one.covers(found) for found in findings))

    def complaint(self, entry: Entry) -> Finding:
        """The finding about an entry that no longer differs, for those who want it to fail."""
        advice = "remove the entry with --prune-known"
        return _about(GONE, f"{self.path}:{entry.line}", f"{entry} no longer differs", advice)


def load(path: str, slugs: Collection[str], *, missing_ok: bool = False) -> Known:
    """Read a file of known differences. Raises `UsageError` with file, line and key."""
    if not path or (missing_ok and not Path(path).exists()):
        return Known(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"--known: there is no file {path}; --update-known writes it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--known: {path} cannot be read: {error}") from None
    return Known(path, tuple(_read(path, text, slugs)))


def update(
    known: Known, path: str, findings: Iterable[Finding], gone: Iterable[int], today: date
) -> tuple[int, int]:
    """Remove the entries at the lines `gone` from the file, and add one for each finding.

    Everything else stays, comments included. Returns how many entries were added and removed.
    """
    file = Path(path)
    text = file.read_bytes().decode("utf-8-sig") if file.exists() else _HEADER
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    removed = [entry for entry in known.entries if entry.line in set(gone)]
    for entry in sorted(removed, key=lambda one: one.line, reverse=True):
        dash = next(at for at in range(entry.line - 1, -1, -1) if lines[at].lstrip().startswith("-"))
        del lines[dash : entry.end]
    if [line for line in lines if line.strip()] == ["[]"]:
        lines = []
    fresh = dict.fromkeys((one.slug, one.place) for one in findings)
    for slug, place in fresh:
        lines += _written(slug, place, today + timedelta(days=_DAYS))
    file.write_bytes((newline.join(lines) + newline).encode())
    return len(fresh), len(removed)


def _written(slug: str, place: str, expires: date) -> Iterator[str]:
    yield f"- slug: {slug}"
    if place:
        yield f"  place: {_scalar(place)}"
    yield f"  reason: {_UNEXPLAINED}"
    yield f"  expires: {expires}"


def _scalar(text: str) -> str:
    """The text as a YAML scalar on one line."""
    written: str = yaml.safe_dump(text, width=10**6, allow_unicode=True, default_style=None)
    return written.removesuffix("\n").removesuffix("\n...")


def _read(path: str, text: str, slugs: Collection[str]) -> Iterator[Entry]:
    try:
        root = yaml.compose(_quoted(text), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"--known: {path}:{line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"--known: {path}: not YAML: {error}") from None
    if root is None:
        return
    if not isinstance(root, yaml.SequenceNode):
        raise UsageError(
            f"--known: {path}:{root.start_mark.line + 1}: not a list; begin each entry with '- slug: '"
        )
    seen: dict[tuple[str, str], int] = {}
    for index, node in enumerate(root.value):
        entry = _entry(path, index, node, slugs)
        earlier = seen.setdefault((entry.slug, entry.place), entry.line)
        if earlier != entry.line:
            raise UsageError(f"--known: {path}:{entry.line}: [{index}]: {entry} is on line {earlier} too")
        yield entry


def _quoted(text: str) -> str:
    """The text with quotes around the values that YAML would take for something else, such as `a: b`.

    So whatever a report prints as a place can be copied into the file.
    """
    return _BARE.sub(lambda found: f"{found[1]}{_as_written(found[2])}{found[3]}", text)


def _as_written(value: str) -> str:
    """A value as it was written, in quotes if it is not plain YAML."""
    misread = ": " in value or value.endswith(":") or value[0] in "`@%*&!{[,?-" or " #" in value
    return f"'{value.replace(chr(39), 2 * chr(39))}'" if misread else value


def _entry(path: str, index: int, node: Any, slugs: Collection[str]) -> Entry:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        raise UsageError(
            f"--known: {path}:{line}: [{index}] is not a mapping; write slug, reason and expires"
        )
    values = _values(path, index, node)
    where = f"--known: {path}:{line}: [{index}]"
    if values["slug"] not in slugs:
        near = difflib.get_close_matches(values["slug"], slugs, 1)
        hint = f"did you mean {near[0]}?" if near else "tune-check --list-checks lists them"
        raise UsageError(f"{where}.slug: there is no check {values['slug']!r}; {hint}")
    expires = _date(where, values["expires"])
    end = node.value[-1][1].end_mark
    last = end.line + 1 if end.column else end.line
    return Entry(values["slug"], values.get("place", ""), values["reason"], expires, line, last)


def _values(path: str, index: int, node: yaml.MappingNode) -> dict[str, str]:
    """The keys of an entry and their texts."""
    values: dict[str, str] = {}
    for key, value in node.value:
        name, at = str(key.value), key.start_mark.line + 1
        if name not in _KEYS:
            raise UsageError(f"--known: {path}:{at}: [{index}].{name} is not one of {', '.join(_KEYS)}")
        if not isinstance(value, yaml.ScalarNode) or not value.value.strip():
            raise UsageError(
                f"--known: {path}:{at}: [{index}].{name} is empty or not a text; write it on one line"
            )
        values[name] = value.value.strip()
    for name, required in _KEYS.items():
        if required and name not in values:
            line = node.start_mark.line + 1
            raise UsageError(f"--known: {path}:{line}: [{index}].{name} is missing")
    return values


def _date(where: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{where}.expires: {text!r} is not a date; write it like 2027-01-31") from None


def _about(slug: str, place: str, seen: str, advice: str) -> Finding:
    return Finding(
        slug=slug,
        fact="A known difference still exists and has not expired.",
        source="the file of --known",
        grade=Grade.DOCUMENTED,
        advice=advice,
        seen=seen,
        expected="a valid entry",
        place=place,
    )
