"""Which finding is probably the cause of which others?

A response that is not whole cannot be JSON, and a run whose status is unknown never seems to end. So findings
are ordered by layers: transport, representation, shape, meaning. One of a lower layer can be a cause of one
of a higher layer if both are about the same kinds of resources.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from contract_tests.checks import REGISTRY
from contract_tests.document import document
from contract_tests.findings import Finding, Outcome, Severity

_LAYERS = (
    ("answer-whole", "content-length-agrees", "no-redirect", "no-server-error", "run-creation-answered"),
    ("content-type-json", "body-is-json", "stream-framing", "stream-data-json", "stream-when-asked"),
    ("status-documented", "response-schema", "stream-run-schema", "list-envelope", "stream-event-schema"),
)
# Without access and runs, nothing else is worth reading. These are about themselves only.
_FIRST = ("service", "auth")
_LAYER_OF = {slug: number for number, slugs in enumerate(_LAYERS) for slug in slugs}
# Of the shape of a resource, others follow only if it cannot be identified or its status is not known.
_DECISIVE = re.compile(r"(?:^|\W)(?:id|status|threadId|runId|body)$")
_SHAPE = 2
_SEVERITIES = list(Severity)


@dataclass(frozen=True)
class Entry:
    """One fact, and every place where it is broken. `consequences` are entries that may follow from it."""

    findings: tuple[Finding, ...]
    severity: Severity
    consequences: tuple["Entry", ...] = ()

    @property
    def first(self) -> Finding:
        """The finding that is shown for all of them."""
        return self.findings[0]

    @property
    def count(self) -> int:
        """How often it was seen."""
        return sum(finding.count for finding in self.findings)

    @property
    def others(self) -> tuple[Finding, ...]:
        """The findings after the first."""
        return self.findings[1:]


def layer(entry: Entry) -> int:
    """The layer of an entry. Causes have low ones."""
    check = REGISTRY.get(entry.first.slug)
    if check is not None and check.topic in _FIRST:
        return -1
    return _LAYER_OF.get(entry.first.slug, len(_LAYERS))


def folded(entries: Sequence[Entry]) -> list[Entry]:
    """The entries without those that follow from others. These are beneath their causes."""
    possible = sorted((one for one in entries if _can_cause(one)), key=layer)
    causes = [one for one in possible if not any(_follows(one, other) for other in possible)]
    beneath: dict[int, list[Entry]] = {}
    left = []
    for entry in entries:
        cause = next((one for one in causes if _follows(entry, one)), None)
        if cause is None:
            left.append(entry)
        else:
            beneath.setdefault(id(cause), []).append(entry)
    return [replace(one, consequences=tuple(beneath.get(id(one), ()))) for one in left]


def _can_cause(entry: Entry) -> bool:
    if entry.first.outcome is not Outcome.BROKEN or not 0 <= layer(entry) <= _SHAPE:
        return False
    return layer(entry) < _SHAPE or any(_DECISIVE.search(one.place) for one in entry.findings)


def _follows(entry: Entry, cause: Entry) -> bool:
    """Whether an entry may follow from another one."""
    if entry is cause or entry.first.outcome is not Outcome.BROKEN or layer(cause) >= layer(entry):
        return False
    if _SEVERITIES.index(entry.severity) < _SEVERITIES.index(cause.severity):
        return False
    mine, theirs = _kinds(entry), _kinds(cause)
    return bool(mine) and mine <= theirs


def _kinds(entry: Entry) -> set[str]:
    """The kinds of resources that an entry is about."""
    return {kind for one in entry.findings if (kind := _kind(one.place))}


def _kind(place: str) -> str:
    operations = document().operations
    for word in re.findall(r"\w+", place):
        if word in operations:
            return str(operations[word].kind)
        if word in document().resources:
            return str(word)
    return ""
