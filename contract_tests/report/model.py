"""What does a report say, whatever form it is written in?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from contract_tests.findings import REGISTRY, Finding, Outcome, Severity, merge
from contract_tests.report.timelines import Picture
from openapi import Grade

CONFORMS, VIOLATES, WRONG_USE, UNJUDGED = range(4)
# What a client trips over first stands first.
_TOPICS = (
    "service",
    "known",
    "auth",
    "lifecycle",
    "stream",
    "workflows",
    "requests",
    "http",
    "shapes",
    "pages",
    "errors",
)


@dataclass(frozen=True)
class Entry:
    """One fact and every place where it is not kept."""

    findings: tuple[Finding, ...]
    severity: Severity

    @property
    def first(self) -> Finding:
        """The finding that stands for all of them."""
        return self.findings[0]

    @property
    def count(self) -> int:
        """How often it was seen."""
        return sum(finding.count for finding in self.findings)

    @property
    def others(self) -> tuple[Finding, ...]:
        """The findings beyond the first."""
        return self.findings[1:]


@dataclass(frozen=True)
class Group:
    """Entries of one weight under one heading."""

    title: str
    severity: Severity
    outcome: Outcome
    meaning: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Cost:
    """How much of something was used, and how much might have been; no ceiling is None."""

    name: str
    used: float
    ceiling: float | None = None

    def __str__(self) -> str:
        of = "" if self.ceiling is None else f" of {self.ceiling:g}"
        return f"{self.used:.1f}{of} s" if self.name == "seconds" else f"{self.used:g}{of} {self.name}"


@dataclass(frozen=True)
class Report:
    """Everything there is to say about one judgement.

    `target` is what was judged, `details` how, `problem` why nothing could be judged, `stopped` why it ended
    early, `accepted` the known differences that were met, with their reasons.
    """

    target: str
    details: Mapping[str, str] = field(default_factory=dict)
    plan: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    pictures: tuple[Picture, ...] = ()
    costs: tuple[Cost, ...] = ()
    bar: Grade = Grade.DOCUMENTED
    accepted: tuple[tuple[Finding, str], ...] = ()
    checks: int = 0
    problem: str = ""
    stopped: str = ""

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The findings by weight, the gravest first; empty groups are left out."""
        entries = _entries(self.findings, self.bar)
        groups = (
            Group(title, severity, outcome, meaning, tuple(_of(entries, severity, outcome)))
            for title, severity, outcome, meaning in _GROUPS
        )
        return tuple(group for group in groups if group.entries)

    def number(self, severity: Severity) -> int:
        """How many broken facts have this severity."""
        return sum(
            len(group.entries)
            for group in self.groups
            if group.severity is severity and group.outcome is Outcome.BROKEN
        )

    @property
    def exit_code(self) -> int:
        """0 conforms, 1 violations, 3 could not judge."""
        if self.problem:
            return UNJUDGED
        return VIOLATES if self.number(Severity.FAILURE) else CONFORMS

    @property
    def verdict(self) -> str:
        """The verdict in two or three words."""
        return {CONFORMS: "Keeps the contract", VIOLATES: "Breaks the contract"}.get(
            self.exit_code, "Not judged"
        )

    @property
    def reason(self) -> str:
        """Why the exit code is what it is, in one sentence."""
        if self.problem:
            return self.problem
        failures, warnings, notes = (self.number(severity) for severity in Severity)
        rest = f"{_many(warnings, 'warning')} and {_many(notes, 'note')}"
        rest += f"; {_many(self.untried, 'check')} could not be tried" if self.untried else ""
        bar = "documented" if self.bar is Grade.DOCUMENTED else f"{self.bar} or better known"
        if failures:
            return f"{_many(failures, f'{bar} fact')} broken; {rest}"
        return f"no {bar} fact broken in {_many(self.checks - self.untried, 'check')}; {rest}"

    @cached_property
    def untried(self) -> int:
        """How many checks could say nothing."""
        slugs = {one.slug for one in self.findings if one.outcome is Outcome.UNTRIED}
        return len(slugs - {one.slug for one in self.findings if one.outcome is Outcome.BROKEN})

    def about(self, picture: Picture) -> tuple[str, ...]:
        """The slugs of the findings that name a run."""
        named = (one for one in self.findings if picture.run in f"{one.seen} {one.place} {one.curl}")
        return tuple(dict.fromkeys(one.slug for one in named if one.outcome is Outcome.BROKEN))


_GROUPS = (
    (
        "Failures",
        Severity.FAILURE,
        Outcome.BROKEN,
        "what the vendor documents and this service does not keep",
    ),
    (
        "Warnings",
        Severity.WARNING,
        Outcome.BROKEN,
        "what public clients depend on and this service does otherwise",
    ),
    ("Notes", Severity.NOTE, Outcome.BROKEN, "this deployment teaches us: where an assumption does not hold"),
    ("Could not try", Severity.NOTE, Outcome.UNTRIED, "facts about which nothing was learned, and why"),
    ("Not offered", Severity.NOTE, Outcome.NOT_OFFERED, "what this service does not claim to do"),
)


def _entries(findings: Iterable[Finding], bar: Grade) -> list[Entry]:
    """The findings of each fact together, the most important fact first."""
    by_fact: dict[tuple[str, Grade, Outcome], list[Finding]] = {}
    for finding in merge(findings):
        by_fact.setdefault((finding.slug, finding.grade, finding.outcome), []).append(finding)
    entries = [Entry(tuple(found), found[0].severity(bar)) for found in by_fact.values()]
    return sorted(entries, key=_importance)


def _importance(entry: Entry) -> tuple[Any, ...]:
    check = REGISTRY.get(entry.first.slug)
    topic = check.topic if check else ""
    rank = _TOPICS.index(topic) if topic in _TOPICS else len(_TOPICS)
    return list(Severity).index(entry.severity), entry.first.grade.rank, rank, entry.first.slug


def _of(entries: Iterable[Entry], severity: Severity, outcome: Outcome) -> Iterable[Entry]:
    return (one for one in entries if one.severity is severity and one.first.outcome is outcome)


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
