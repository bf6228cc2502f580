"""How is a report shown in a terminal, and what is shown before it?"""

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from textwrap import fill
from typing import TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

from contract_tests.findings import Finding, Outcome, Severity
from contract_tests.plain_text import log_lines
from contract_tests.redaction import Secrets
from contract_tests.report.causes import Entry
from contract_tests.report.model import CONFORMS, Group, Report

_STYLES = {Severity.FAILURE: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_PLACES = 5
_NAMES = 8


def in_github_job() -> bool:
    """Whether a runner of GitHub reads the output."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def guarded() -> Iterator[None]:
    """In a GitHub job, let the runner read no workflow commands in the output of the block."""
    if not in_github_job():
        yield
        return
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    try:
        yield
    finally:
        sys.stderr.flush()
        print(f"::{token}::", flush=True)


def console(stream: TextIO | None = None) -> Console:
    """A console. In a pipe or a CI log it writes plain text and wraps no lines."""
    return Console(file=stream, highlight=False, emoji=False, markup=False, soft_wrap=True)


def lively(found: Console) -> bool:
    """Whether a changing line can be shown: on a terminal that is not a CI log."""
    return found.is_terminal and not found.is_dumb_terminal and not os.environ.get("CI")


class Progress:
    """One changing line of progress. It is not shown in logs."""

    def __init__(self, found: Console, costs: Callable[[], str] = str) -> None:
        self._costs, self._what = costs, "starting"
        self._status: Status | None = found.status(self) if lively(found) else None

    def __rich__(self) -> Text:
        """The current line."""
        costs = self._costs()
        text = f"{self._what} ({costs})" if costs else self._what
        return Text(text, overflow="ellipsis", no_wrap=True)

    def start(self) -> None:
        """Show the line."""
        if self._status is not None:
            self._status.start()

    def say(self, what: str) -> None:
        """Change the line."""
        self._what = what

    def stop(self) -> None:
        """Remove the line."""
        if self._status is not None:
            self._status.stop()


class Terminal:
    """Writes a report to a console."""

    def __init__(self, found: Console, redacting: Secrets) -> None:
        self._console, self._secrets = found, redacting

    def show(self, report: Report) -> None:
        """Show the findings, most severe first, then the costs, then the result."""
        for group in report.groups:
            self._group(group)
        self._line("")
        for finding, why in report.accepted:
            self._line(f"Known difference {finding.slug} ({finding.place}): {why}", "dim")
        self._good_news(report)
        if report.stopped:
            self._line(f"Ended early: {report.stopped}", "yellow")
        if report.costs:
            self._line(f"Spent: {', '.join(map(str, report.costs))}")
        style = "bold green" if report.exit_code == CONFORMS else "bold red"
        self._line(f"{report.verdict}: {report.target} (exit {report.exit_code}): {report.reason}", style)

    def _good_news(self, report: Report) -> None:
        if report.gone:
            self._line("Good news: known differences that are gone", "green")
            for one in report.gone:
                self._line(f"  {one}")
            self._line(f"  Remove them with: {report.removal}")

    def say(self, text: str) -> None:
        """Write one line."""
        self._line(text)

    def finding(self, finding: Finding, severity: Severity) -> None:
        """Write one finding, before there is a report."""
        self._entry(Entry((finding,), severity))

    def _group(self, group: Group) -> None:
        self._line("")
        self._line(f"{group.title}: {group.meaning}", _STYLES[group.severity])
        for entry in group.entries:
            if group.outcome is Outcome.BROKEN:
                self._entry(entry)
            else:
                for one in entry.findings:
                    where = f" ({one.place})" if one.place and one.place not in one.seen else ""
                    self._line(f"  {one.slug}{where}: {one.seen}")

    def _entry(self, entry: Entry) -> None:
        first = entry.first
        times = f" ({entry.count} times)" if entry.count > 1 else ""
        self._line(f"  {first.slug}: {first.fact}{times}", _STYLES[entry.severity])
        for name, value in self._rows(entry):
            self._row(name, value)
        for one in entry.consequences:
            self._row("then", f"{one.first.slug}: {one.first.place}: {one.first.seen}")
        if first.curl:
            # Not wrapped, so that it can be copied into a shell.
            self._line(f"    {first.curl}", "dim")

    def _row(self, name: str, value: str) -> None:
        """A named value. Further lines are aligned with the first."""
        width = max(40, self._console.width) if self._console.is_terminal else 10**6
        indent = " " * (5 + _NAMES)
        head = f"    {name:<{_NAMES}} "
        for line in self._clean(value).splitlines():
            self._line(
                fill(line, width, initial_indent=head, subsequent_indent=indent, drop_whitespace=False)
            )
            head = indent

    def _rows(self, entry: Entry) -> Iterator[tuple[str, str]]:
        first = entry.first
        where = first.place if not entry.others else f"{first.place}, and {len(entry.others)} more"
        rows = {"where": where, "seen": first.seen, "expected": first.expected, "often": first.often}
        rows |= {"fact": f"{first.grade}, {first.source}", "advice": first.advice}
        yield from ((name, value) for name, value in rows.items() if value)
        for other in entry.others[:_PLACES]:
            yield "also", f"{other.place}: {other.seen}{f' ({other.often})' if other.often else ''}"
        if first.suggests:
            yield "suggests", first.suggests

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(self._clean(text), style=style))

    def _clean(self, text: str) -> str:
        """The text without secrets, hidden characters and workflow commands, which a service could send."""
        return log_lines(self._secrets.redact(text))
