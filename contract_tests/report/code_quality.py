"""How is a report written for GitLab's code quality view?"""

import json
from typing import Any

from contract_tests.findings import Finding, Outcome, Severity
from contract_tests.redaction import Secrets, redacted
from contract_tests.report.model import CONFORMS, VIOLATIONS, Report
from contract_tests.report.places import DOCUMENT, line_of
from contract_tests.report.sarif import fingerprint

_LEVELS = {Severity.FAILURE: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(report: Report, secrets: Secrets) -> str:
    """The broken facts as a code quality report. A missing verdict is an issue too."""
    issues = [_issue(one, report) for one in report.findings if one.outcome is Outcome.BROKEN]
    if report.exit_code not in (CONFORMS, VIOLATIONS):
        issues.insert(0, _plain("verdict", report.reason, "blocker", "verdict", 1))
    return json.dumps(redacted(issues, secrets), indent=2, ensure_ascii=False) + "\n"


def _issue(finding: Finding, report: Report) -> dict[str, Any]:
    text = f"{finding.fact} {finding.place}: {finding.seen}; expected {finding.expected}"
    level = _LEVELS[finding.severity(report.threshold)]
    return _plain(finding.slug, text, level, fingerprint(finding), line_of(finding.place))


def _plain(slug: str, text: str, level: str, identity: str, line: int) -> dict[str, Any]:
    return {
        "check_name": slug,
        "description": text,
        "severity": level,
        "fingerprint": identity,
        "location": {"path": DOCUMENT, "lines": {"begin": line}},
    }
