"""How does a program read a report?"""

import json
from collections.abc import Iterator
from typing import Any

from contract_tests.redaction import Secrets, redacted
from contract_tests.report.causes import Entry
from contract_tests.report.model import Report

VERSION = 1


def render(report: Report, secrets: Secrets) -> str:
    """The report as JSON; its shape is described in `contract_tests/README.md`."""
    return json.dumps(redacted(as_json(report), secrets), indent=2, ensure_ascii=False) + "\n"


def as_json(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "version": VERSION,
        "target": report.target,
        "details": {_camel(name): value for name, value in report.details.items()},
        "verdict": report.verdict,
        "exitCode": report.exit_code,
        "reason": report.reason,
        "timestamp": report.timestamp,
        "stopped": report.stopped,
        "bar": report.threshold,
        "checks": report.checks,
        "passed": list(report.passed),
        "plan": list(report.plan),
        "findings": list(_findings(report)),
        "accepted": [{"slug": one.slug, "place": one.place, "reason": why} for one, why in report.accepted],
        "gone": list(report.gone),
        "costs": [{"name": one.name, "used": one.used, "ceiling": one.ceiling} for one in report.costs],
        "runs": [timeline.as_json() for timeline in report.timelines],
    }


def _camel(name: str) -> str:
    """A name of several words as a key."""
    first, *further = name.replace("-", " ").split()
    return "".join([first, *map(str.capitalize, further)])


def _findings(report: Report) -> Iterator[dict[str, Any]]:
    """Every entry, each cause before what may follow from it."""
    for group in report.groups:
        for entry in group.entries:
            yield _entry(entry, "")
            yield from (_entry(one, entry.first.slug) for one in entry.consequences)


def _entry(entry: Entry, cause: str) -> dict[str, Any]:
    first = entry.first
    return {
        "slug": first.slug,
        "severity": entry.severity,
        "outcome": first.outcome,
        "cause": cause,
        "grade": first.grade,
        "fact": first.fact,
        "source": first.source,
        "advice": first.advice,
        "teaches": first.suggests,
        "places": [
            {
                "place": one.place,
                "seen": one.seen,
                "expected": one.expected,
                "curl": one.curl,
                "script": one.script,
                "count": one.count,
                "often": one.often,
                "intermittent": one.intermittent,
            }
            for one in entry.findings
        ],
    }
