"""How does a report read as annotations beside the lines of a pull request?"""

from spec_review.change import Change
from spec_review.render.sarif import file_of
from spec_review.render.words import proof_heading, reason
from spec_review.report import Report

COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def as_annotations(report: Report) -> str:
    """One workflow command per change that nobody has accepted, errors first."""
    told = [change for change in report.changes if change.accepted is None]
    return "".join(f"{_annotation(change)}\n" for change in told)


def _annotation(change: Change) -> str:
    at = change.revision or change.base
    place = f"file={_property(file_of(at))},line={at.line}," if at else ""
    said = [
        change.message,
        proof_heading(change) or reason(change),
        change.proof.text if change.proof else "",
    ]
    text = "\n".join(part for part in said if part)
    return f"::{COMMANDS[change.level]} {place}title={_property(change.id)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
