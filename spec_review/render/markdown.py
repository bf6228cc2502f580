"""How is a report written as Markdown, for a pull request comment or a job summary?"""

from collections.abc import Iterator, Sequence

from spec_review.change import Change
from spec_review.render.phrases import HEADINGS, graded, proof_heading, reason, where, who
from spec_review.report import Report

MARK = "<!-- tune-review -->"
"""The first line of the comment, by which the action finds it."""

MAX_LENGTH = 60_000
"""GitHub accepts about 65,000 characters in a comment."""


def as_markdown(report: Report) -> str:
    """One comment: summary, errors with proofs, the rest collapsed; empty when nothing changed."""
    if not report.changes and not report.stale and not report.notes:
        return ""
    text = "\n".join([MARK, *_lines(report)]) + "\n"
    return text if len(text) <= MAX_LENGTH else _cut(text)


def _cut(text: str) -> str:
    kept = text[:MAX_LENGTH].rsplit("\n#### ", 1)[0]
    closing = "\n```" if kept.count("```") % 2 else ""
    closing += "\n</details>" * (kept.count("<details>") - kept.count("</details>"))
    return f"{kept}{closing}\n\n*This comment is cut off. Run tune-review to see all changes.*\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"### {_verdict(report)}"
    yield ""
    yield f"{report.summary} `{report.base}` → `{report.revision}`"
    for change in report.of("error"):
        yield from _error(change)
    regraded = [change for change in report.changes if change.id in ("fact-demoted", "fact-regraded")]
    for level in ("warning", "info"):
        changes = [change for change in report.of(level) if change not in regraded]
        if changes:
            yield from _collapsed(
                f"{HEADINGS[level]} ({len(changes)})", [_item(change) for change in changes]
            )
    if regraded:
        yield from _collapsed(f"Grades ({len(regraded)})", _grade_table(regraded))
    if report.accepted:
        yield from _collapsed(
            f"Accepted ({len(report.accepted)})", [_accepted(change) for change in report.accepted]
        )
    for entry in report.stale:
        stale = f"`{entry.fingerprint}` ({entry.accepted.reason})"
        yield f"\n⚠️ The accepted change {stale} matches no change. Remove it from the file."
    for note in report.notes:
        yield f"\n*{note}*"


def _verdict(report: Report) -> str:
    if report.of("error"):
        return "❌ This change breaks clients"
    if report.of("warning"):
        return "⚠️ No breaking change found, but warnings"
    return "✅ No breaking change found" if report.changes or report.unexplained else "✅ Nothing changed"


def _error(change: Change) -> Iterator[str]:
    yield f"\n#### {change.message}\n"
    details = [
        f"`{change.id}`",
        graded(change),
        who(change),
        where(change),
        f"fingerprint `{change.fingerprint}`",
    ]
    yield " · ".join(part for part in details if part)
    if change.proof is None:
        yield f"\n*{_plain(reason(change))}*"
        return
    yield f"\n{_plain(proof_heading(change))}\n"
    fence = "`" * max(3, _longest_run(change.proof.text) + 1)
    yield f"{fence}{'sh' if change.proof.kind == 'curl' else 'http'}\n{change.proof.text}\n{fence}"


def _longest_run(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest


def _plain(text: str) -> str:
    """The text with the characters escaped that Markdown would interpret."""
    return text.replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")


def _collapsed(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"\n<details><summary>{title}</summary>\n"
    yield from lines
    yield "\n</details>"


def _item(change: Change) -> str:
    details = [f"`{change.id}`", graded(change), who(change)]
    return f"- {change.message} <sub>{' · '.join(part for part in details if part)}</sub>"


def _accepted(change: Change) -> str:
    accepted = change.accepted
    return f"- {change.message} <sub>{accepted.reason}, {accepted.date}</sub>" if accepted else ""


def _grade_table(changes: Sequence[Change]) -> list[str]:
    rows = [f"| {_plain(_fact(change))} | {change.old} | {change.new} |" for change in changes]
    return ["| fact | base | revision |", "| --- | --- | --- |", *rows]


def _fact(change: Change) -> str:
    return change.message.removeprefix("The grade of ").partition(" changed from ")[0]
