"""How is a report written for code scanning? SARIF 2.1.0."""

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from contract_tests.findings import Finding, Outcome, Severity
from contract_tests.redaction import Secrets, redacted
from contract_tests.report.model import CONFORMS, VIOLATIONS, Report
from contract_tests.report.places import DOCUMENT, line_of

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.FAILURE: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(report: Report, secrets: Secrets) -> str:
    """The report as one SARIF run. What could not be tried is left out."""
    broken = [one for one in report.findings if one.outcome is Outcome.BROKEN]
    driver = {"name": "tune-check", "version": version("tune-contract"), "rules": list(_rules(broken))}
    run = {
        "tool": {"driver": driver},
        "invocations": [
            {
                "executionSuccessful": report.exit_code in (CONFORMS, VIOLATIONS),
                "exitCode": report.exit_code,
                "exitCodeDescription": report.reason,
            }
        ],
        "results": [_result(one, report) for one in broken],
    }
    plain = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(redacted(plain, secrets), indent=2, ensure_ascii=False) + "\n"


def _rules(findings: list[Finding]) -> Iterator[dict[str, Any]]:
    for one in {one.slug: one for one in findings}.values():
        yield {
            "id": one.slug,
            "shortDescription": {"text": one.fact},
            "help": {"text": f"{one.advice}. Source: {one.source} ({one.grade})."},
        }


def _result(finding: Finding, report: Report) -> dict[str, Any]:
    text = f"{finding.place}: {finding.seen}; expected {finding.expected}"
    location = {
        "artifactLocation": {"uri": DOCUMENT},
        "region": {"startLine": line_of(finding.place)},
    }
    return {
        "ruleId": finding.slug,
        "level": _LEVELS[finding.severity(report.threshold)],
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"tuneCheck/v1": fingerprint(finding)},
    }


def fingerprint(finding: Finding) -> str:
    """What identifies a finding in later reports: its check and its place."""
    return hashlib.sha256(f"{finding.slug}\0{finding.place}".encode("utf-8", "replace")).hexdigest()[:32]
