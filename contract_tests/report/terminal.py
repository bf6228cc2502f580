"""How does a report read in a terminal, and what is shown while it is made?"""

import os
import re
from collections.abc import Callable, Iterator
from textwrap import fill
from typing import TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

from contract_tests.findings import Finding, Outcome, Severity
from contract_tests.redaction import Secrets
from contract_tests.report.model import CONFORMS, Entry, Group, Report

_STYLES = {Severity.FAILURE: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_PLACES = 5
_NAMES = 8
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def console(stream: TextIO | None = None) -> Console:
    """A console that writes plain text, never folded, where nobody is looking: in a pipe or a CI log."""
    return Console(file=stream, highlight=False, emoji=False, markup=False, soft_wrap=True)


def lively(found: Console) -> bool:
    """Whether a line that changes is welcome: on a terminal that is no CI log."""
    return found.is_terminal and not found.is_dumb_terminal and not os.environ.get("CI")


class Progress:
    """One line that says what is being done; silent where it would fill a log."""

    def __init__(self, found: Console, costs: Callable[[], str] = str) -> None:
        self._costs, self._what = costs, "starting"
        self._status: Status | None = found.status(self) if lively(found) else None

    def __rich__(self) -> Text:
        """The line as it reads now."""
        costs = self._costs()
        text = f"{self._what} ({costs})" if costs else self._what
        return Text(text, overflow="ellipsis", no_wrap=True)

    def start(self) -> None:
        """Show the line."""
        if self._status is not None:
            self._status.start()

    def say(self, what: str) -> None:
        """Say what is being done now."""
        self._what = what

    def stop(self) -> None:
        """Take the line away."""
        if self._status is not None:
            self._status.stop()


class Terminal:
    """Writes a report to a console."""

    def __init__(self, found: Console, secrets: Secrets) -> None:
        self._console, self._secrets = found, secrets

    def show(self, report: Report) -> None:
        """The findings, the most important first; then what it cost; last the verdict."""
        for group in report.groups:
            self._group(group)
        self._line("")
        for finding, why in report.accepted:
            self._line(f"Known difference {finding.slug} ({finding.place}): {why}", "dim")
        if report.stopped:
            self._line(f"Ended early: {report.stopped}", "yellow")
        if report.costs:
            self._line(f"Spent: {', '.join(map(str, report.costs))}")
        style = "bold green" if report.exit_code == CONFORMS else "bold red"
        self._line(f"{report.verdict}: {report.target} (exit {report.exit_code}): {report.reason}", style)

    def say(self, text: str) -> None:
        """A line of its own."""
        self._line(text)

    def finding(self, finding: Finding, severity: Severity) -> None:
        """One finding, as it happens."""
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
        if first.curl:
            # Not folded: a folded line can't be copied into a shell.
            self._line(f"    {first.curl}", "dim")

    def _row(self, name: str, value: str) -> None:
        """A named value; its further lines stand below its first one."""
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
        rows = {"where": where, "seen": first.seen, "expected": first.expected}
        rows |= {"fact": f"{first.grade}, {first.source}", "advice": first.advice}
        yield from ((name, value) for name, value in rows.items() if value)
        for other in entry.others[:_PLACES]:
            yield "also", f"{other.place}: {other.seen}"
        if first.teaches:
            yield "teaches", first.teaches

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(self._clean(text), style=style))

    def _clean(self, text: str) -> str:
        """The text without secrets, and without characters by which a service could steer the terminal."""
        return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", self._secrets.redact(text))
