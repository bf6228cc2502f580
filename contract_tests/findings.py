"""What is a check, what is a finding, and how severe is it?"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from contract_tests.observations.exchange import Exchange
from openapi import Grade


class Severity(StrEnum):
    """What a broken fact means for the verdict, the gravest first."""

    FAILURE = "failure"
    WARNING = "warning"
    NOTE = "note"


class Outcome(StrEnum):
    """Why a finding exists: a fact is broken, could not be tried, or is about something not offered."""

    BROKEN = "broken"
    UNTRIED = "could not try"
    NOT_OFFERED = "not offered"


_SEVERITY = {
    Grade.DOCUMENTED: Severity.FAILURE,
    Grade.OBSERVED: Severity.WARNING,
    Grade.ASSUMED: Severity.NOTE,
}


@dataclass(frozen=True)
class Deviation:
    """What a check saw that it did not expect; the registry makes a finding of it.

    `grade` overrides the check's own where one check compares with several views of the document;
    `teaches` is the YAML that would make the document agree with the service; `place` tells two
    deviations of one check apart.
    """

    seen: str
    expected: str
    exchange: Exchange | None = None
    place: str = ""
    grade: Grade | None = None
    teaches: str = ""
    outcome: Outcome = Outcome.BROKEN


@dataclass(frozen=True)
class Finding:
    """One fact that a deployment does not keep, or that could not be tried."""

    slug: str
    fact: str
    source: str
    grade: Grade
    advice: str
    seen: str
    expected: str
    place: str = ""
    curl: str = ""
    teaches: str = ""
    outcome: Outcome = Outcome.BROKEN
    count: int = 1

    @property
    def key(self) -> tuple[str, str, Grade, Outcome]:
        """What makes two findings the same news."""
        return (self.slug, self.place, self.grade, self.outcome)

    def severity(self, bar: Grade = Grade.DOCUMENTED) -> Severity:
        """The severity when everything up to the grade `bar` must be kept."""
        if self.outcome is not Outcome.BROKEN:
            return Severity.NOTE
        return Severity.FAILURE if self.grade.rank <= bar.rank else _SEVERITY[self.grade]

    def as_json(self) -> dict[str, Any]:
        """A plain object that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Finding":
        """The finding that `as_json` wrote."""
        grade, outcome = Grade(plain["grade"]), Outcome(plain["outcome"])
        return cls(**{**plain, "grade": grade, "outcome": outcome})


@dataclass(frozen=True)
class Check:
    """A fact and the function that looks whether it is kept."""

    slug: str
    topic: str
    subject: type
    fact: str
    source: str
    grade: Grade
    advice: str
    function: Callable[[Any], Iterable[Deviation]] = field(compare=False)
    needs: tuple[str, ...] = ()

    def findings(self, subject: Any) -> Iterator[Finding]:
        """The findings about one subject (an exchange, a run, a stream, a service)."""
        for deviation in self.function(subject):
            yield self.finding(deviation)

    def finding(self, deviation: Deviation) -> Finding:
        """The finding that a deviation from this check's fact is."""
        exchange = deviation.exchange
        return Finding(
            slug=self.slug,
            fact=self.fact,
            source=self.source,
            grade=deviation.grade or self.grade,
            advice=self.advice,
            seen=deviation.seen,
            expected=deviation.expected,
            place=deviation.place or (exchange.label if exchange else ""),
            curl=exchange.curl() if exchange else "",
            teaches=deviation.teaches,
            outcome=deviation.outcome,
        )


REGISTRY: dict[str, Check] = {}
_FIELDS = ("Source", "Grade", "Advice")
Function = Callable[[Any], Iterable[Deviation]]


def check(slug: str, subject: type, *, needs: tuple[str, ...] = ()) -> Callable[[Function], Function]:
    """Register a function as the check `slug` of every `subject`.

    The docstring's first line is the fact; below it stand `Source: ...`, `Grade: ...` and `Advice: ...`,
    one line each (an indented line continues the one above).
    """

    def register(function: Function) -> Function:
        assert slug not in REGISTRY, f"two checks are named {slug}"
        fact, fields = read_docstring(function)
        topic = function.__module__.rpartition(".")[2]
        grade = Grade(fields["Grade"])
        REGISTRY[slug] = Check(
            slug, topic, subject, fact, fields["Source"], grade, fields["Advice"], function, needs
        )
        return function

    return register


def read_docstring(function: Function) -> tuple[str, dict[str, str]]:
    """The fact and the named lines of a check's docstring."""
    fact, _, rest = (inspect.getdoc(function) or "").partition("\n")
    fields: dict[str, str] = {}
    name = ""
    for line in filter(str.strip, rest.splitlines()):
        head, colon, value = line.partition(": ")
        if colon and head in _FIELDS:
            name, fields[head] = head, value.strip()
        else:
            fields[name] = f"{fields[name]} {line.strip()}"
    missing = [field for field in _FIELDS if field not in fields]
    assert fact, f"{function.__name__}: the docstring lacks the fact"
    assert not missing, f"{function.__name__}: the docstring lacks {missing}"
    return fact.strip(), fields


def checks_of(subject: type) -> list[Check]:
    """The registered checks of a subject, in the order they were written."""
    return [check for check in REGISTRY.values() if check.subject is subject]


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """Each piece of news once, with how often it was seen; the first sight is kept."""
    merged: dict[tuple[str, str, Grade, Outcome], Finding] = {}
    for finding in findings:
        known = merged.get(finding.key)
        merged[finding.key] = replace(known, count=known.count + finding.count) if known else finding
    return list(merged.values())
