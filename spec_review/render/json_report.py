"""How is a report written as JSON? `report.schema.json` describes the format."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spec_review.change import Change, Position
from spec_review.render.escape import encodable
from spec_review.report import Report

SCHEMA = Path(__file__).with_name("report.schema.json")


def as_json(report: Report) -> str:
    """The report as JSON that matches `report.schema.json`."""
    return encodable(json.dumps(as_data(report), indent=2, ensure_ascii=False)) + "\n"


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "version": 1,
        "base": report.base,
        "revision": report.revision,
        "summary": {
            "error": len(report.of("error")),
            "warning": len(report.of("warning")),
            "info": len(report.of("info")),
            "accepted": len(report.accepted),
        },
        "changes": [_change(change) for change in report.changes],
        "stale": [
            {"fingerprint": entry.fingerprint, "reason": entry.accepted.reason} for entry in report.stale
        ],
        "notes": list(report.notes),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "level": change.level,
        "direction": change.direction,
        "message": change.message,
        "subject": change.subject,
        "grade": change.grade,
        "base": _position(change.base),
        "revision": _position(change.revision),
        "old": change.old,
        "new": change.new,
        "uses": [{"operation": use.operation, "part": use.part} for use in change.uses],
        "proof": None if change.proof is None else asdict(change.proof),
        "note": change.note,
        "fingerprint": change.fingerprint,
        "accepted": None if change.accepted is None else asdict(change.accepted),
    }


def _position(position: Position | None) -> dict[str, Any] | None:
    if position is None:
        return None
    return {"file": position.file, "line": position.line, "pointer": position.pointer}
