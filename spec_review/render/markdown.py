"""How does a report read as one comment on a pull request, or as a job's summary?"""

from collections.abc import Iterator, Sequence

from spec_review.change import Change
from spec_review.render.words import HEADINGS, graded, proof_heading, reason, where, who
from spec_review.report import Report

MARK = "<!-- tune-review -->"
"""By this line the comment is found again."""

MOST = 60_000
"""A comment holds some 65,000 characters."""


def as_markdown(report: Report) -> str:
    """One comment: the summary, errors with their proofs, the rest folded; nothing where nothing changed."""
    if not report.changes and not report.stale:
        return ""
    text = "\n".join([MARK, *_lines(report)]) + "\n"
    return text if len(text) <= MOST else _cut(text)


def _cut(text: str) -> str:
    kept = text[:MOST].rsplit("\n#### ", 1)[0]
    closing = "\n```" if kept.count("```") % 2 else ""
    closing += "\n</details>" * (kept.count("<details>") - kept.count("</details>"))
    return f"{kept}{closing}\n\n*There is more; run tune-review to see all of it.*\n"


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
            yield from _folded(f"{HEADINGS[level]} ({len(changes)})", [_item(change) for change in changes])
    if regraded:
        yield from _folded(f"Grades ({len(regraded)})", _grade_table(regraded))
    if report.accepted:
        yield from _folded(
            f"Accepted ({len(report.accepted)})", [_accepted(change) for change in report.accepted]
        )
    for entry in report.stale:
        said = f"`{entry.fingerprint}` is accepted ({entry.accepted.reason}) but is no change any more"
        yield f"\n⚠️ {said}; remove it."
    for note in report.notes:
        yield f"\n*{note}*"


def _verdict(report: Report) -> str:
    if report.of("error"):
        return "❌ This change breaks clients"
    if report.of("warning"):
        return "⚠️ Nothing breaks; some things are worth knowing"
    return "✅ No breaking change found" if report.changes else "✅ Nothing changed"


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
    """Text that Markdown leaves alone."""
    return text.replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")


def _folded(title: str, lines: Sequence[str]) -> Iterator[str]:
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
    rows = [
        f"| {_plain(change.message.split(' was ')[0])} | {change.old} | {change.new} |" for change in changes
    ]
    return ["| fact | was | is |", "| --- | --- | --- |", *rows]
