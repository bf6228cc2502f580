"""How is a report written as a pull request comment or a job summary?"""

import re
from collections.abc import Iterator

from contract_tests.findings import Finding, Outcome, Severity
from contract_tests.plain_text import one_line, visible
from contract_tests.redaction import Secrets
from contract_tests.report.causes import Entry
from contract_tests.report.model import Group, Report

# GitHub drops what a summary has beyond a mebibyte. This many characters always fit.
_LIMIT = 250_000
_PLACES = 8
_SIGNS = {Severity.FAILURE: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "ℹ️"}
_SPECIAL = re.compile(r"[\\`*\[\]<>|~&^$]|(?<!\w)_|_(?!\w)")
# A word joiner has no width. It ends what would be a mention, a reference or an address.
_JOINER = "\u2060"
_ADDRESS = re.compile(r"(?<=[@#])(?=\w)|(?<=:)(?=//)|(?<=:)(?=\w+:)|(?<=\b[wW][wW][wW])(?=\.)")
_START = re.compile(r"^(?=[-+=#])|^(\d+)(?=[.)])")
_VERDICTS = ("✅", "❌", "❌", "❔", "❔")


def render(report: Report, secrets: Secrets) -> str:
    """The report as GitHub's Markdown."""
    text = secrets.redact("\n".join(_lines(report)) + "\n")
    if len(text) <= _LIMIT:
        return text
    # After a closed block, what other steps add to the summary is shown as they meant it.
    kept, end, _ = text[:_LIMIT].rpartition("\n</details>\n")
    return f"{kept}{end}\n*Truncated: the JSON and HTML reports are complete.*\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## {_VERDICTS[report.exit_code]} {report.verdict}: {code(report.target)}"
    yield ""
    yield f"{plain(report.reason)}."
    if report.stopped:
        yield f"Ended early: {plain(report.stopped)}."
    yield ""
    for group in report.groups:
        yield from _group(group)
    yield from _accepted(report)
    yield from _gone(report)
    yield from _runs(report)
    details = [f"{name} {value}" for name, value in report.details.items() if value]
    yield f"<sub>{plain(' · '.join([*details, *(f'spent {cost}' for cost in report.costs)]))}</sub>"


def _group(group: Group) -> Iterator[str]:
    yield f"### {_SIGNS[group.severity]} {group.title} ({len(group.entries)})"
    yield ""
    yield f"{group.meaning[0].upper()}{group.meaning[1:]}."
    yield ""
    if group.outcome is not Outcome.BROKEN:
        yield from (f"- {plain(entry.first.fact)} {code(entry.first.seen)}" for entry in group.entries)
        yield ""
        return
    for entry in group.entries:
        yield from _entry(entry, opened=group.severity is Severity.FAILURE)


def _entry(entry: Entry, *, opened: bool) -> Iterator[str]:
    first = entry.first
    times = f" ({entry.count} times)" if entry.count > 1 else ""
    tag = "<details open>" if opened else "<details>"
    yield f"{tag}<summary><b>{first.slug}</b>: {_prose(first.fact)}{times}</summary>"
    yield ""
    yield "| where | seen | expected | often |"
    yield "| --- | --- | --- | --- |"
    yield from (_row(finding) for finding in entry.findings[:_PLACES])
    if len(entry.findings) > _PLACES:
        yield f"| | and {len(entry.findings) - _PLACES} more places | | |"
    yield ""
    yield f"{first.advice[:1].upper()}{first.advice[1:]}. Source: {first.source} ({first.grade})."
    yield ""
    yield from _consequences(entry)
    if first.curl:
        yield from fenced(first.curl, "bash")
    if first.suggests:
        yield "Suggested correction to the contract:"
        yield ""
        yield from fenced(first.suggests, "yaml")
    yield "</details>"
    yield ""


def _consequences(entry: Entry) -> Iterator[str]:
    if entry.consequences:
        firsts = [one.first for one in entry.consequences]
        yield "What may follow from it:"
        yield ""
        yield from (f"- `{one.slug}` {code(one.place)}: {code(one.seen)}" for one in firsts)
        yield ""


def _row(finding: Finding) -> str:
    cells = (code(finding.place), code(finding.seen), code(finding.expected), plain(finding.often))
    return f"| {' | '.join(cells)} |"


def _accepted(report: Report) -> Iterator[str]:
    if report.accepted:
        yield f"### Known differences ({len(report.accepted)})"
        yield ""
        yield from (f"- `{one.slug}` {code(one.place)}: {plain(why)}" for one, why in report.accepted)
        yield ""


def _gone(report: Report) -> Iterator[str]:
    if report.gone:
        yield f"### 🎉 Known differences that are gone ({len(report.gone)})"
        yield ""
        yield from (f"- {code(one)}" for one in report.gone)
        yield ""
        yield "This command removes them:"
        yield ""
        yield from fenced(report.removal, "bash")


def _runs(report: Report) -> Iterator[str]:
    if report.timelines:
        yield f"<details><summary>{len(report.timelines)} runs observed</summary>"
        yield ""
        yield "| run | how | statuses seen | seconds | events |"
        yield "| --- | --- | --- | --- | --- |"
        for one in report.timelines:
            statuses = " → ".join(span.label for span in one.statuses) or "none"
            cells = (
                code(one.run),
                code(one.origin),
                code(statuses),
                f"{one.seconds:.1f}",
                str(len(one.events)),
            )
            yield f"| {' | '.join(cells)} |"
        yield ""
        yield "</details>"
        yield ""


def code(text: str, limit: int = 300) -> str:
    """The text as inline code for a table cell, truncated to `limit` characters."""
    flat = one_line(text, limit).replace("|", "\\|")
    if not flat:
        return ""
    ticks = "`" * (1 + max(map(len, re.findall("`+", flat)), default=0))
    space = " " if len(ticks) > 1 else ""
    return f"{ticks}{space}{flat}{space}{ticks}"


def _prose(text: str) -> str:
    """A sentence with names in backticks, for places where Markdown is not interpreted."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", text.replace("<", "&lt;"))


def plain(text: str) -> str:
    """The text as prose in which nothing is Markdown, a mention, a reference or an address."""
    safe = _ADDRESS.sub(_JOINER, _SPECIAL.sub(r"\\\g<0>", one_line(text)))
    return _START.sub(r"\1\\", safe)


def fenced(text: str, language: str) -> Iterator[str]:
    """The text as a block of code, with a fence that it does not contain."""
    text = visible(text)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    yield from (f"{fence}{language}", text, fence, "")
