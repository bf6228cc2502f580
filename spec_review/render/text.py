"""How is a report written as text, for a terminal or a log?"""

import textwrap
from io import StringIO

from rich.console import Console
from rich.text import Text

from spec_review.change import Change
from spec_review.render.escape import line_for_log, one_line
from spec_review.render.phrases import HEADINGS, graded, proof_heading, reason, where, who
from spec_review.report import Report

COLOURS = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def as_text(report: Report) -> str:
    """The report as plain text."""
    into = StringIO()
    write(report, Console(file=into, width=120, color_system=None, highlight=False))
    return into.getvalue()


def write(report: Report, console: Console) -> None:
    """Write the report to a console, with colours if the console supports them."""
    console.print(Text(one_line(f"{report.base} → {report.revision}"), "dim"), soft_wrap=True)
    colour = "bold red" if report.of("error") else "bold green"
    console.print(Text(report.summary, colour), soft_wrap=True)
    for level in ("error", "warning", "info"):
        changes = report.of(level)
        if changes:
            console.print()
            console.print(Text(HEADINGS[level], COLOURS[level]))
            for change in changes:
                _write_change(change, console)
    _write_accepted(report, console)
    for entry in report.stale:
        console.print(
            Text(
                f"\nStale: {one_line(entry.fingerprint)} "
                f"(line {entry.line}, {one_line(entry.accepted.reason)}) "
                "matches no change. Remove it from the file."
            )
        )
    for note in report.notes:
        console.print(Text(f"\nNote: {one_line(note)}"))


def _write_change(change: Change, console: Console) -> None:
    full = change.level == "error"
    mark = Text("✗ " if full else "• ", COLOURS[change.level])
    mark.append(one_line(change.message), "bold" if full else "")
    for part in textwrap.wrap(mark.plain, max(console.width - 2, 40), subsequent_indent="  "):
        line = Text("  " + part)
        line.stylize("bold" if full else "")
        line.stylize(COLOURS[change.level], 2, 4) if part.startswith(("✗", "•")) else None
        console.print(line, soft_wrap=True)
    details = [change.id, graded(change), who(change)]
    console.print(
        Text("    " + one_line(" · ".join(part for part in details if part)), "dim"), soft_wrap=True
    )
    console.print(Text(f"    {one_line(where(change))}", "dim"), soft_wrap=True)
    if full:
        _write_proof(change, console)


def _write_proof(change: Change, console: Console) -> None:
    if change.proof is not None:
        console.print(Text(f"    {one_line(proof_heading(change))}"), soft_wrap=True)
        for line in change.proof.text.split("\n"):
            console.print(Text(f"      {line_for_log(line)}", "green"), soft_wrap=True)
    else:
        console.print(Text(f"    {reason(change)}"), soft_wrap=True)
    console.print(Text(f"    fingerprint {change.fingerprint}", "dim"), soft_wrap=True)


def _write_accepted(report: Report, console: Console) -> None:
    if report.accepted:
        console.print()
        console.print(Text("Accepted", "dim"))
    for change in report.accepted:
        if change.accepted is not None:
            line = f"{change.message} ({change.accepted.reason}, {change.accepted.date})"
            console.print(Text(f"  • {one_line(line)}", "dim"), soft_wrap=True)
