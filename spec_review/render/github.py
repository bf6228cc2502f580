"""How is a report written as annotations of a GitHub pull request?"""

from collections.abc import Iterator, Sequence

from spec_review.change import Change
from spec_review.render.escape import visible
from spec_review.render.phrases import proof_heading, reason
from spec_review.render.sarif import file_of
from spec_review.report import Report

MOST = 10
"""The most annotations of one level that GitHub shows."""

COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def as_annotations(report: Report) -> str:
    """Workflow commands for the first changes of each level, without the accepted ones, errors first.

    GitHub shows ten annotations of each level and drops the others; a last one counts them.
    """
    lines = [line for level in ("error", "warning", "info") for line in _level(report.of(level))]
    lines += [f"::warning title=tune-review::{_data(note)}" for note in report.notes[:MOST]]
    return "".join(f"{line}\n" for line in lines)


def _level(changes: Sequence[Change]) -> Iterator[str]:
    if len(changes) <= MOST:
        yield from map(_annotation, changes)
        return
    yield from map(_annotation, changes[: MOST - 1])
    more = f"{len(changes) - MOST + 1} more changes of this level are in the other reports."
    yield f"::{COMMANDS[changes[0].level]} title=tune-review::{more}"


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
