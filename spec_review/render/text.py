"""How is a report written as text, for a terminal or a log?"""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from spec_review.change import Change
from spec_review.render.escape import line_for_log, one_line
from spec_review.render.phrases import HEADINGS, graded, proof_heading, reason, where, who
from spec_review.report import Report

if TYPE_CHECKING:
    from rich.console import Console

COLOURS = {"error": "bold red", "warning": "yellow", "info": "cyan"}
WIDTH = 120
Line = tuple[tuple[str, str], ...]
"""The parts of a line, each with its colour."""


def as_text(report: Report) -> str:
    """The report as plain text."""
    return "".join("".join(text for text, _ in line) + "\n" for line in lines(report, WIDTH))


def write(report: Report, console: "Console") -> None:
    """Write the report to a console, with colours if the console supports them."""
    from rich.text import Text  # only a terminal has colours; importing rich takes a fifth of a second

    for line in lines(report, console.width):
        console.print(Text.assemble(*line), soft_wrap=True)


def lines(report: Report, width: int) -> Iterator[Line]:
    """The lines of the report."""
    yield (((one_line(f"{report.base} → {report.revision}")), "dim"),)
    yield ((report.summary, "bold red" if report.of("error") else "bold green"),)
    for level in ("error", "warning", "info"):
        changes = report.of(level)
        if changes:
            yield from ((), ((HEADINGS[level], COLOURS[level]),))
        for change in changes:
            yield from _change(change, width)
    yield from _accepted(report)
    for entry in report.stale:
        why = f"line {entry.line}, {one_line(entry.accepted.reason)}"
        yield ()
        yield from _wrapped(
            f"Stale: {one_line(entry.fingerprint)} ({why}) matches no change. Remove it from the file.", width
        )
    for note in report.notes:
        yield ()
        yield from _wrapped(f"Note: {one_line(note)}", width)


def _wrapped(text: str, width: int) -> Iterator[Line]:
    yield from (((part, ""),) for part in textwrap.wrap(text, max(width, 40)))


def _change(change: Change, width: int) -> Iterator[Line]:
    full = change.level == "error"
    mark, style = ("✗ " if full else "• "), ("bold" if full else "")
    parts = textwrap.wrap(mark + one_line(change.message), max(width - 2, 40), subsequent_indent="  ")
    for number, part in enumerate(parts):
        if number == 0:
            yield ("  ", ""), (part[:2], COLOURS[change.level]), (part[2:], style)
        else:
            yield ("  ", ""), (part, style)
    details = [change.id, graded(change), who(change)]
    yield (("    " + one_line(" · ".join(part for part in details if part)), "dim"),)
    yield ((f"    {one_line(where(change))}", "dim"),)
    if full:
        yield from _proof(change)


def _proof(change: Change) -> Iterator[Line]:
    if change.proof is not None:
        yield ((f"    {one_line(proof_heading(change))}", ""),)
        for line in change.proof.text.split("\n"):
            yield ((f"      {line_for_log(line)}", "green"),)
    else:
        yield ((f"    {reason(change)}", ""),)
    yield ((f"    fingerprint {change.fingerprint}", "dim"),)


def _accepted(report: Report) -> Iterator[Line]:
    if report.accepted:
        yield from ((), (("Accepted", "dim"),))
    for change in report.accepted:
        if change.accepted is not None:
            line = f"{change.message} ({change.accepted.reason}, {change.accepted.date})"
            yield ((f"  • {one_line(line)}", "dim"),)
