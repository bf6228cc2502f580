"""How does a report read to a code scanner? SARIF 2.1.0."""

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote

from spec_review.catalogue import RULES
from spec_review.change import Change, Position
from spec_review.render.words import proof_heading, reason
from spec_review.report import Report

LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(report: Report) -> str:
    """One SARIF run."""
    return json.dumps(as_log(report), indent=2, ensure_ascii=False) + "\n"


def as_log(report: Report) -> dict[str, Any]:
    """The log as plain data."""
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
    text = rule.meaning.format_map(_Unnamed())
    return {
        "id": id_,
        "shortDescription": {"text": text[:1].upper() + text[1:] + "."},
        "defaultConfiguration": {"level": LEVELS.get(rule.level, "none")},
    }


class _Unnamed(dict[str, str]):
    """Meanings name what a change fills in; in general it is just some value."""

    def __missing__(self, key: str) -> str:
        return {"name": "…", "types": "another", "values": "some values", "value": "some"}.get(key, "a bound")


def _result(change: Change, index: int) -> dict[str, Any]:
    said = [
        change.message,
        proof_heading(change) or reason(change),
        change.proof.text if change.proof else "",
    ]
    at = change.revision or change.base
    result: dict[str, Any] = {
        "ruleId": change.id,
        "ruleIndex": index,
        "level": LEVELS[change.level],
        "message": {"text": "\n\n".join(part for part in said if part)},
        "locations": [_location(at)] if at else [],
        "partialFingerprints": {"tuneReview/v1": change.fingerprint},
        "properties": {
            "grade": change.grade,
            "direction": change.direction,
            "uses": [str(use) for use in change.uses],
        },
    }
    if change.base is not None and change.revision is not None:
        result["relatedLocations"] = [{**_location(change.base), "id": 1, "message": {"text": "the base"}}]
    if change.accepted is not None:
        said_why = f"{change.accepted.reason} ({change.accepted.date})"
        result["suppressions"] = [{"kind": "external", "justification": said_why}]
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
    """The path without its revision; what came by standard input has none."""
    revision, _, path = position.file.partition(":")
    return "stdin" if position.file == "-" else path if path and len(revision) > 1 else position.file
