"""What is the changelog entry for a report?"""

from openapi import Grade
from spec_review.change import Change
from spec_review.render.escape import markdown
from spec_review.report import Report

UNLISTED = {"version-not-moved", "texts-changed", "lint-finding-new", "scenario-plays-differently"}
"""Rules whose changes do not belong in a changelog."""


def as_changelog(report: Report) -> str:
    """An entry to paste under **Contract**; empty when nothing changed."""
    listed = [change for change in report.changes if change.id not in UNLISTED]
    if not listed:
        return ""
    lines = [_line(change) for change in listed]
    return "\n".join(["### Contract", "", *dict.fromkeys(lines)]) + "\n"


def _line(change: Change) -> str:
    start = "**Breaking:** " if change.level == "error" else ""
    regraded = change.id.startswith("fact-")
    grade = "" if regraded or change.grade == Grade.DOCUMENTED else f" ({change.grade})"
    operations = list(dict.fromkeys(use.operation for use in change.uses))
    named = [name for name in operations if name not in change.message]
    who = f" ({markdown(', '.join(named[:3]))}{', …' if len(named) > 3 else ''})" if named else ""
    return f"- {start}{markdown(change.message.rstrip('.'))}{grade}{who}."
