"""How is a report written as annotations of a GitHub pull request?"""

from spec_review.change import Change
from spec_review.render.escape import visible
from spec_review.render.phrases import proof_heading, reason
from spec_review.render.sarif import file_of
from spec_review.report import Report

COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def as_annotations(report: Report) -> str:
    """One workflow command per change, without the accepted ones, errors first."""
    changes = [change for change in report.changes if change.accepted is None]
    notes = [f"::warning title=tune-review::{_data(note)}" for note in report.notes]
    return "".join(f"{line}\n" for line in [*map(_annotation, changes), *notes])


def _annotation(change: Change) -> str:
    at = change.revision or change.base
    place = f"file={_property(file_of(at))},line={at.line}," if at else ""
    parts = [
        change.message,
        proof_heading(change) or reason(change),
        change.proof.text if change.proof else "",
    ]
    text = "\n".join(part for part in parts if part)
    return f"::{COMMANDS[change.level]} {place}title={_property(change.id)}::{_data(text)}"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
