"""How is a report written as SARIF 2.1.0, the format of code scanners?"""

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote

from spec_review.catalogue import RULES
from spec_review.change import Change, Position
from spec_review.render.escape import encodable
from spec_review.render.phrases import proof_heading, reason
from spec_review.report import Report

LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(report: Report) -> str:
    """The report as one SARIF run."""
    return encodable(json.dumps(as_log(report), indent=2, ensure_ascii=False)) + "\n"


def as_log(report: Report) -> dict[str, Any]:
    """The SARIF log as plain data."""
    ids = list(dict.fromkeys(change.id for change in report.changes))
    driver = {"name": "tune-review", "version": _version(), "rules": [_rule(id_) for id_ in ids]}
    results = [_result(change, ids.index(change.id)) for change in report.changes]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _version() -> str:
    try:
        return version("tune-contract")
    except PackageNotFoundError:
        return "0"


def _rule(id_: str) -> dict[str, Any]:
    rule = RULES[id_]
    return {
        "id": id_,
        "shortDescription": {"text": rule.meaning[:1].upper() + rule.meaning[1:] + "."},
        "defaultConfiguration": {"level": LEVELS.get(rule.level, "none")},
    }


def _result(change: Change, index: int) -> dict[str, Any]:
    parts = [
        change.message,
        proof_heading(change) or reason(change),
        change.proof.text if change.proof else "",
    ]
    at = change.revision or change.base
    result: dict[str, Any] = {
        "ruleId": change.id,
        "ruleIndex": index,
        "level": LEVELS[change.level],
        "message": {"text": "\n\n".join(part for part in parts if part)},
        "locations": [_location(at)] if at else [],
        "partialFingerprints": {"tuneReview/v1": change.fingerprint},
        "properties": {
            "grade": change.grade,
            "direction": change.direction,
            "uses": [str(use) for use in change.uses],
        },
    }
    if change.base is not None and change.revision is not None:
        result["relatedLocations"] = [{**_location(change.base), "id": 1, "message": {"text": "The base"}}]
    if change.accepted is not None:
        justification = f"{change.accepted.reason} ({change.accepted.date})"
        result["suppressions"] = [{"kind": "external", "justification": justification}]
    return result


def _location(position: Position) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(file_of(position), safe="/")},
            "region": {"startLine": position.line},
        },
        "logicalLocations": [{"fullyQualifiedName": position.pointer or "/"}],
    }


def file_of(position: Position) -> str:
    """The path of a position without its git revision; `stdin` for standard input."""
    revision, _, path = position.file.partition(":")
    return "stdin" if position.file == "-" else path if path and len(revision) > 1 else position.file
