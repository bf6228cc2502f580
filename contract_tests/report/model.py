"""What is in a report, in whichever form it is written?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from contract_tests.checks import REGISTRY
from contract_tests.findings import Finding, Outcome, Severity, merge
from contract_tests.report.causes import Entry, folded, layer
from contract_tests.report.timelines import RunTimeline
from openapi import GRADES, Grade

CONFORMS, VIOLATIONS, USAGE_ERROR, NOT_CHECKED, INTERNAL_ERROR = range(5)


@dataclass(frozen=True)
class Group:
    """The entries of one severity and outcome, with a title and a sentence about them."""

    title: str
    severity: Severity
    outcome: Outcome
    meaning: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Cost:
    """How much of something was used. `ceiling` is None if there is none."""

    name: str
    used: float
    ceiling: float | None = None

    def __str__(self) -> str:
        of = "" if self.ceiling is None else f" of {self.ceiling:g}"
        return f"{self.used:.1f}{of} s" if self.name == "seconds" else f"{self.used:g}{of} {self.name}"


@dataclass(frozen=True)
class Report:
    """Everything to report about one check of one target.

    `details` says how it was checked. `problem` says why it could not be checked, `internal` how the checker
    failed, `stopped` why it ended early. `tried` are the checks that were made. `accepted` has the known
    differences that were found, with their reasons, and `gone` those that no longer differ, which the command
    `removal` removes from their file. Broken facts up to the grade `threshold` are failures.
    """

    target: str
    details: Mapping[str, str] = field(default_factory=dict)
    plan: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    timelines: tuple[RunTimeline, ...] = ()
    costs: tuple[Cost, ...] = ()
    threshold: Grade = Grade.DOCUMENTED
    accepted: tuple[tuple[Finding, str], ...] = ()
    gone: tuple[str, ...] = ()
    removal: str = ""
    tried: tuple[str, ...] = ()
    problem: str = ""
    internal: str = ""
    stopped: str = ""
    timestamp: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def checks(self) -> int:
        """How many checks were made."""
        return len(self.tried)

    @property
    def passed(self) -> tuple[str, ...]:
        """The checks that were made and found nothing."""
        found = {one.slug for one in (*self.findings, *(one for one, _ in self.accepted))}
        return tuple(slug for slug in self.tried if slug not in found)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The findings of each fact together, the most important fact first."""
        return tuple(_entries(self.findings, self.threshold))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The findings in groups, most severe first, without empty groups."""
        entries = folded(self.entries)
        groups = (
            Group(title, severity, outcome, meaning, tuple(_of(entries, severity, outcome)))
            for title, severity, outcome, meaning in _GROUPS
        )
        return tuple(group for group in groups if group.entries)

    def number(self, severity: Severity) -> int:
        """How many broken facts have this severity."""
        broken = (one for one in self.entries if one.first.outcome is Outcome.BROKEN)
        return sum(one.severity is severity for one in broken)

    @property
    def exit_code(self) -> int:
        """0 conforms, 1 violations, 3 could not check, 4 internal error."""
        if self.internal:
            return INTERNAL_ERROR
        if self.problem:
            return NOT_CHECKED
        return VIOLATIONS if self.number(Severity.FAILURE) else CONFORMS

    @property
    def verdict(self) -> str:
        """The result in a few words."""
        words = {CONFORMS: "Conforms to the contract", VIOLATIONS: "Violates the contract"}
        return {**words, INTERNAL_ERROR: "Internal error"}.get(self.exit_code, "Not checked")

    @property
    def reason(self) -> str:
        """The reason for the result, in one sentence without its full stop."""
        if self.internal or self.problem:
            return self.internal or self.problem
        failures, warnings, notes = (self.number(severity) for severity in Severity)
        rest = f"{_many(warnings, 'warning')} and {_many(notes, 'note')}"
        rest += f"; {_many(self.inconclusive, 'check')} could not be tried" if self.inconclusive else ""
        grades = " or ".join(grade for grade in GRADES if grade.rank <= self.threshold.rank)
        if failures:
            return f"{_many(failures, f'{grades} fact')} broken; {rest}"
        return f"no {grades} fact broken in {_many(self.checks - self.inconclusive, 'check')}; {rest}"

    @cached_property
    def inconclusive(self) -> int:
        """How many checks could not be tried at all."""
        slugs = {one.slug for one in self.findings if one.outcome is Outcome.UNTRIED}
        return len(slugs - {one.slug for one in self.findings if one.outcome is Outcome.BROKEN})

    def about(self, timeline: RunTimeline) -> tuple[str, ...]:
        """The slugs of the findings that name a run."""
        named = (one for one in self.findings if timeline.run in f"{one.seen} {one.place} {one.curl}")
        return tuple(dict.fromkeys(one.slug for one in named if one.outcome is Outcome.BROKEN))


_GROUPS = (
    (
        "Failures",
        Severity.FAILURE,
        Outcome.BROKEN,
        "documented facts that this service breaks",
    ),
    (
        "Warnings",
        Severity.WARNING,
        Outcome.BROKEN,
        "observed facts that this service breaks; public clients depend on them",
    ),
    (
        "Notes",
        Severity.NOTE,
        Outcome.BROKEN,
        "assumed facts that this service breaks: suggested corrections to the contract",
    ),
    ("Could not try", Severity.NOTE, Outcome.UNTRIED, "facts that could not be checked, and why"),
    (
        "Not offered",
        Severity.NOTE,
        Outcome.NOT_OFFERED,
        "operations and features that this service does not offer",
    ),
)


def topics() -> list[str]:
    """The topics of the checks in the order of reports, which is the order of registration."""
    return list(dict.fromkeys(check.topic for check in REGISTRY.values()))


def _entries(findings: Iterable[Finding], threshold: Grade) -> list[Entry]:
    """The findings of each fact together, the most important fact first."""
    by_fact: dict[tuple[str, Grade, Outcome], list[Finding]] = {}
    for finding in merge(findings):
        by_fact.setdefault((finding.slug, finding.grade, finding.outcome), []).append(finding)
    entries = [Entry(tuple(found), found[0].severity(threshold)) for found in by_fact.values()]
    return sorted(entries, key=_importance)


def _importance(entry: Entry) -> tuple[Any, ...]:
    check, order = REGISTRY.get(entry.first.slug), topics()
    rank = order.index(check.topic) if check else len(order)
    severity = list(Severity).index(entry.severity)
    return severity, entry.first.grade.rank, layer(entry), rank, entry.first.slug


def _of(entries: Iterable[Entry], severity: Severity, outcome: Outcome) -> Iterable[Entry]:
    return (one for one in entries if one.severity is severity and one.first.outcome is outcome)


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
