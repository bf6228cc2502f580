"""How is a report written as Markdown, for a pull request comment or a job summary?"""

from collections.abc import Callable, Iterator, Sequence

from spec_review.change import Change
from spec_review.render.escape import cell, code, fenced, markdown
from spec_review.render.phrases import HEADINGS, graded, proof_heading, reason, where, who
from spec_review.report import Report

MARK = "<!-- tune-review -->"
"""The first line of the comment, by which the action finds it."""

MAX_LENGTH = 65_000
"""GitHub accepts 65,536 characters in a comment."""

SHARES = {
    "table": 0.15,
    "error": 0.45,
    "warning": 0.15,
    "grades": 0.05,
    "info": 0.1,
    "accepted": 0.04,
    "notes": 0.05,
}
"""The share of the comment that each part may take; what does not fit is counted."""

MARKS = {"error": "❌ breaking", "warning": "⚠️ warning", "info": "info"}
ROWS = 20
"""The most rows of the table."""


def as_markdown(report: Report) -> str:
    """One comment: a table, errors with folded proofs, then the rest; empty when nothing changed."""
    if not report.changes and not report.stale and not report.notes:
        return ""
    return "\n".join([MARK, *_lines(report)]) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"### {_verdict(report)}"
    yield ""
    yield f"{report.summary} {code(report.base)} → {code(report.revision)}"
    yield from _table(report)
    yield from _fitting([_error(change) for change in report.of("error")], "error", "breaking changes")
    regraded = [change for change in report.changes if change.id in ("fact-demoted", "fact-regraded")]
    for level in ("warning", "info"):
        changes = [change for change in report.of(level) if change not in regraded]
        yield from _collapsed(level, HEADINGS[level], sorted(changes, key=_area), _item)
    head = ["| fact | base | revision |", "| --- | --- | --- |"]
    yield from _collapsed("grades", "Grades", regraded, _grade_row, head)
    yield from _collapsed("accepted", "Accepted", report.accepted, _accepted)
    for entry in report.stale[:20]:
        stale = f"{code(entry.fingerprint)} ({markdown(entry.accepted.reason[:200])})"
        yield f"\n⚠️ The accepted change {stale} matches no change. Remove it from the file."
    notes = [f"\nNote: {markdown(note[:1000])}{_rest(note)}" for note in report.notes]
    yield from _fitting(notes, "notes", "notes")


def _rest(note: str) -> str:
    more = len(note) - 1000
    return f" … ({more} more characters are in the JSON report)" if more > 0 else ""


def _table(report: Report) -> Iterator[str]:
    """The errors and warnings at a glance, the worst first."""
    listed = [*report.of("error"), *report.of("warning")]
    if len(listed) < 2:
        return
    yield "\n| level | what | where | uses |\n| --- | --- | --- | ---: |"
    yield from _fitting([_row(change) for change in listed[:ROWS]], "table", "rows")
    if len(listed) > ROWS:
        yield f"\n{len(listed) - ROWS} more are below."


def _row(change: Change) -> str:
    what, place = cell(change.message[:300]), cell(who(change).partition(" (")[0][:200])
    return f"| {MARKS[change.level]} | {what} | {place} | {len(change.uses) or ''} |"


def _area(change: Change) -> tuple[str, str]:
    """Changes of the same kind of place stand together: operations, parameters, bodies, responses."""
    words = change.id.split("-")
    return words[0], words[1] if len(words) > 1 else ""


def _verdict(report: Report) -> str:
    if report.of("error"):
        return "❌ This change breaks clients"
    if report.of("warning"):
        return "⚠️ No breaking change found, but warnings"
    return "✅ No breaking change found" if report.changes or report.unexplained else "✅ Nothing changed"


def _fitting(blocks: Sequence[str], part: str, what: str) -> Iterator[str]:
    """The blocks that fit into a part's share, and the number of the others."""
    left = int(MAX_LENGTH * SHARES[part])
    for number, block in enumerate(blocks):
        left -= len(block) + 1
        if left < 0:
            more = f"{len(blocks) - number} more {what}"
            yield f"\nThis comment is too short for {more}. Run tune-review to see all."
            return
        yield block


def _error(change: Change) -> str:
    details = [code(change.id), graded(change), markdown(who(change)), markdown(where(change))]
    details.append(f"fingerprint {code(change.fingerprint)}")
    lines = [f"\n#### {markdown(change.message[:2000])}\n", " · ".join(part for part in details if part)]
    if change.proof is None:
        lines.append(f"\n{markdown(reason(change))}")
    else:
        lines.append(f"\n{markdown(proof_heading(change))}\n")
        lines.append("<details><summary>Proof</summary>\n")
        lines.append(fenced(change.proof.text, "sh" if change.proof.kind == "curl" else "http"))
        lines.append("\n</details>")
    return "\n".join(lines)


def _collapsed(
    part: str,
    title: str,
    changes: Sequence[Change],
    line: Callable[[Change], str],
    head: Sequence[str] = (),
) -> Iterator[str]:
    if changes:
        yield f"\n<details><summary>{title} ({len(changes)})</summary>\n"
        yield from head
        yield from _fitting([line(change) for change in changes], part, "changes")
        yield "\n</details>"


def _item(change: Change) -> str:
    details = [code(change.id), graded(change), markdown(who(change))]
    return f"- {markdown(change.message[:2000])} <sub>{' · '.join(part for part in details if part)}</sub>"


def _accepted(change: Change) -> str:
    why = f"{change.accepted.reason}, {change.accepted.date}" if change.accepted else ""
    return f"- {markdown(change.message[:2000])} <sub>{markdown(why[:500])}</sub>"


def _grade_row(change: Change) -> str:
    fact = change.message.removeprefix("The grade of ").partition(" changed from ")[0]
    return f"| {cell(fact)} | {cell(str(change.old))} | {cell(str(change.new))} |"
