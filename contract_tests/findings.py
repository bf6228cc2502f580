"""What is a check, what is a finding, and how severe is it?"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from itertools import islice
from typing import Any

from contract_tests.observations.exchange import Exchange
from contract_tests.observations.reproduction import script
from contract_tests.plain_text import one_line, visible
from contract_tests.redaction import Secrets
from openapi import Grade


class Severity(StrEnum):
    """What a broken fact means for the result, most severe first."""

    FAILURE = "failure"
    WARNING = "warning"
    NOTE = "note"


class Outcome(StrEnum):
    """Why a finding was made. The values appear in the JSON report."""

    BROKEN = "broken"
    UNTRIED = "could not try"
    NOT_OFFERED = "not offered"


MOST_PLACES = 100
"""How many places one fact is reported for. More of them tell nothing new."""
_TEXTS = ("seen", "expected", "place", "curl", "suggests", "script")
_PLACE_LIMIT, _SUGGESTS_LIMIT = 200, 4000
_SEVERITY = {
    Grade.DOCUMENTED: Severity.FAILURE,
    Grade.OBSERVED: Severity.WARNING,
    Grade.ASSUMED: Severity.NOTE,
}


@dataclass(frozen=True)
class Deviation:
    """An observed value that differs from the expected one. A check yields it, `Check.finding` completes it.

    `place` distinguishes the deviations of one check. `grade` overrides the grade of the check. `suggests`
    is the YAML with which the document would describe the observed value.
    """

    seen: str
    expected: str
    exchange: Exchange | None = None
    place: str = ""
    grade: Grade | None = None
    suggests: str = ""
    outcome: Outcome = Outcome.BROKEN


@dataclass(frozen=True)
class Finding:
    """One fact that a deployment breaks, does not offer, or that could not be tried.

    `often` says in how many responses or resources it was seen. It is `intermittent` if it was not seen each
    time when the same was tried again.
    """

    slug: str
    fact: str
    source: str
    grade: Grade
    advice: str
    seen: str
    expected: str
    place: str = ""
    curl: str = ""
    suggests: str = ""
    outcome: Outcome = Outcome.BROKEN
    count: int = 1
    script: str = ""
    often: str = ""
    intermittent: bool = False
    exchange: Exchange | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> tuple[str, str, Grade, Outcome]:
        """Findings with the same key are merged."""
        return (self.slug, self.place, self.grade, self.outcome)

    def severity(self, threshold: Grade = Grade.DOCUMENTED) -> Severity:
        """The severity when facts up to the grade `threshold` must hold."""
        if self.outcome is not Outcome.BROKEN:
            return Severity.NOTE
        return Severity.FAILURE if self.grade.rank <= threshold.rank else _SEVERITY[self.grade]

    def redacted(self, secrets: Secrets) -> "Finding":
        """The finding without secrets in what a service wrote of it."""
        texts: dict[str, Any] = {name: secrets.redact(getattr(self, name)) for name in _TEXTS}
        return replace(self, **texts)

    def as_json(self) -> dict[str, Any]:
        """The finding as plain JSON values, which `from_json` reads."""
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "exchange"}
        return {**plain, "script": self.script or self._reproduction()}

    def _reproduction(self) -> str:
        """A script that shows the finding on a deployment without data, empty if `curl` is enough."""
        needed = self.exchange is not None and self.exchange.before and self.outcome is Outcome.BROKEN
        return script(self.exchange) if self.exchange is not None and needed else ""

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Finding":
        """The finding in the values of `as_json`."""
        grade, outcome = Grade(plain["grade"]), Outcome(plain["outcome"])
        return cls(**{**plain, "grade": grade, "outcome": outcome})


@dataclass(frozen=True)
class Check:
    """A fact, and the function that checks it for one subject.

    `allows` names the conforming variation that the check tolerates.
    """

    slug: str
    topic: str
    subject: type
    fact: str
    source: str
    grade: Grade
    advice: str
    function: Callable[[Any], Iterable[Deviation]] = field(compare=False)
    needs: tuple[str, ...] = ()
    allows: str = ""

    def findings(self, subject: Any) -> Iterator[Finding]:
        """The findings about one subject, such as an exchange, a trace or a stream."""
        for deviation in islice(self.function(subject), MOST_PLACES):
            yield self.finding(deviation)

    def finding(self, deviation: Deviation) -> Finding:
        """The finding for a deviation from this fact."""
        exchange = deviation.exchange
        return Finding(
            slug=self.slug,
            fact=self.fact,
            source=self.source,
            grade=deviation.grade or self.grade,
            advice=self.advice,
            seen=one_line(deviation.seen),
            expected=one_line(deviation.expected),
            place=one_line(deviation.place or (exchange.label if exchange else ""), _PLACE_LIMIT),
            curl=exchange.curl() if exchange else "",
            suggests=visible(deviation.suggests[:_SUGGESTS_LIMIT]),
            outcome=deviation.outcome,
            exchange=exchange,
        )


REGISTRY: dict[str, Check] = {}
_FIELDS = ("Source", "Grade", "Advice")
_ALLOWS = "Allows"
Function = Callable[[Any], Iterable[Deviation]]


def check(slug: str, subject: type, *, needs: tuple[str, ...] = ()) -> Callable[[Function], Function]:
    """Register a function as the check `slug` for each `subject`.

    The first line of its docstring is the fact. `Source: ...`, `Grade: ...` and `Advice: ...` follow, one
    line each. A documented fact also says `Allows: ...`. A line without such a name continues the line
    above. `needs` names explorations to wait for.
    """

    def register(function: Function) -> Function:
        assert slug not in REGISTRY, f"two checks are named {slug}"
        fact, fields = read_docstring(function)
        topic = function.__module__.rpartition(".")[2]
        grade, allows = Grade(fields["Grade"]), fields.get(_ALLOWS, "")
        assert allows or grade is not Grade.DOCUMENTED, f"{slug}: the docstring has no {_ALLOWS}"
        source, advice = fields["Source"], fields["Advice"]
        REGISTRY[slug] = Check(slug, topic, subject, fact, source, grade, advice, function, needs, allows)
        return function

    return register


def read_docstring(function: Function) -> tuple[str, dict[str, str]]:
    """The fact and the named lines in the docstring of a check."""
    fact, _, rest = (inspect.getdoc(function) or "").partition("\n")
    fields: dict[str, str] = {}
    name = ""
    for line in filter(str.strip, rest.splitlines()):
        head, colon, value = line.partition(": ")
        if colon and head in (*_FIELDS, _ALLOWS):
            name, fields[head] = head, value.strip()
        else:
            fields[name] = f"{fields[name]} {line.strip()}"
    missing = [field for field in _FIELDS if field not in fields]
    assert fact, f"{function.__name__}: the docstring has no fact"
    assert not missing, f"{function.__name__}: the docstring has no {missing}"
    return fact.strip(), fields


def checks_of(subject: type) -> list[Check]:
    """The registered checks of a subject, in the order of registration."""
    return [check for check in REGISTRY.values() if check.subject is subject]


def _together(one: Finding, other: Finding) -> Finding:
    often, intermittent = one.often or other.often, one.intermittent or other.intermittent
    return replace(one, count=one.count + other.count, often=often, intermittent=intermittent)


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each key: the first, with the sum of the counts.

    Beyond `MOST_PLACES` places of one fact, the first stands for the others too.
    """
    merged: dict[tuple[str, str, Grade, Outcome], Finding] = {}
    firsts: dict[tuple[str, Grade, Outcome], list[tuple[str, str, Grade, Outcome]]] = {}
    for finding in findings:
        places = firsts.setdefault((finding.slug, finding.grade, finding.outcome), [])
        key = finding.key if finding.key in merged or len(places) < MOST_PLACES else places[0]
        if key not in merged:
            places.append(key)
        known = merged.get(key)
        merged[key] = _together(known, finding) if known else finding
    return list(merged.values())
