"""How is a report written as one HTML page, which needs no other file and no network?"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from textwrap import dedent

from spec_review.change import Change, Position
from spec_review.render.escape import CODE, encodable, visible
from spec_review.render.phrases import HEADINGS, graded, proof_heading, reason
from spec_review.report import Report

PAGE = Path(__file__).with_name("report.html")
AROUND = 4
"""The lines of a document before and after a place."""

LONGEST = 300
"""The most characters of a line of a document."""


def as_html(report: Report) -> str:
    """The report as a page with filters; each change shows its place in both documents."""
    texts = {name: source.text.split("\n") for name, source in report.sources.items()}
    cards = "\n".join(_card(change, texts) for change in report.changes)
    notes = "".join(f"<p class=note>Note: {_text(note)}</p>" for note in report.notes)
    page = PAGE.read_text(encoding="utf-8")
    filled = {
        "TITLE": _text(f"{report.base} → {report.revision}"),
        "SUMMARY": _text(report.summary),
        "NOTES": notes,
        "OPERATIONS": "".join(f"<option>{_text(name)}</option>" for name in _operations(report)),
        "CARDS": cards,
    }
    parts = page.split("%%")
    return encodable("".join(filled.get(part, part) for part in parts))


def _operations(report: Report) -> list[str]:
    return sorted({use.operation for change in report.changes for use in change.uses})


def _text(text: str) -> str:
    return escape(visible(text))


def _prose(text: str) -> str:
    """The text with code for what stands between backticks."""
    return CODE.sub(r"<code>\1</code>", _text(text))


def _card(change: Change, texts: dict[str, list[str]]) -> str:
    names = "\n".join(dict.fromkeys(use.operation for use in change.uses))
    level = "accepted" if change.accepted else change.level
    details = [change.id, graded(change), f"fingerprint {change.fingerprint}"]
    return "".join(
        [
            f'<article data-level="{level}" data-operations="{_text(names)}">',
            f"<h2><span class={level}>{_text(HEADINGS.get(level, level))}</span> ",
            f"{_prose(change.message)}</h2>",
            f"<p class=details>{_text(' · '.join(part for part in details if part))}</p>",
            *_uses(change),
            '<div class="sides">',
            _side("Base", change.base, texts),
            _side("Revision", change.revision, texts),
            "</div>",
            *_proof(change),
            "</article>",
        ]
    )


def _uses(change: Change) -> Iterator[str]:
    uses = [str(use) for use in change.uses]
    if len(uses) > 3:
        listed = "".join(f"<li>{_text(use)}</li>" for use in uses)
        yield f"<details><summary>{len(uses)} uses</summary><ul>{listed}</ul></details>"
    elif uses:
        yield f"<p>{_text('; '.join(uses))}</p>"


def _side(title: str, at: Position | None, texts: dict[str, list[str]]) -> str:
    if at is None:
        return f"<section><h3>{title}</h3><p>Not there.</p></section>"
    first, last = max(at.line - 1 - AROUND, 0), at.line + AROUND
    lines = dedent("\n".join(texts.get(at.file, [])[first:last])).split("\n")
    shown = "".join(
        f"<span{' class=here' if number == at.line else ''}>{number:6} {_text(line[:LONGEST])}\n</span>"
        for number, line in enumerate(lines, first + 1)
    )
    return f"<section><h3>{title}: {_text(str(at))}</h3><pre>{shown}</pre></section>"


def _proof(change: Change) -> Iterator[str]:
    if change.proof is not None:
        yield f"<p>{_text(proof_heading(change))}</p><pre class=proof>{_text(change.proof.text)}</pre>"
    elif reason(change):
        yield f"<p>{_text(reason(change))}</p>"
    if change.accepted is not None:
        yield f"<p>Accepted: {_text(change.accepted.reason)} ({_text(change.accepted.date)})</p>"
