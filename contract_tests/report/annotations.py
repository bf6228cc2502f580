"""How does a GitHub job show the failures beside its log?"""

from collections.abc import Iterator

from contract_tests.findings import Outcome, Severity
from contract_tests.plain_text import one_line
from contract_tests.redaction import Secrets
from contract_tests.report.model import CONFORMS, VIOLATIONS, Report

# GitHub shows ten annotations of each kind for a step.
_MOST = 9


def annotations(report: Report, secrets: Secrets) -> Iterator[str]:
    """Workflow commands, one for each failure, and one for a missing verdict."""
    if report.exit_code not in (CONFORMS, VIOLATIONS):
        yield _error(report.verdict, report.reason, secrets)
    failures = [
        one.first
        for group in report.groups
        for one in group.entries
        if one.severity is Severity.FAILURE and one.first.outcome is Outcome.BROKEN
    ]
    for one in failures[:_MOST]:
        text = f"{one.fact} {one.place}: {one.seen}; expected {one.expected}. Advice: {one.advice}"
        yield _error(one.slug, text, secrets)


def _error(title: str, text: str, secrets: Secrets) -> str:
    return f"::error title={_escaped(f'tune-check {title}', secrets, ':,')}::{_escaped(text, secrets)}"


def _escaped(text: str, secrets: Secrets, special: str = "") -> str:
    """The text as a workflow command takes it."""
    line = one_line(secrets.redact(text), 1000)
    return "".join(f"%{ord(char):02X}" if char in f"%\r\n{special}" else char for char in line)
