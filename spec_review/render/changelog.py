"""How does a report read as an entry of the changelog?"""

from spec_review.change import Change
from spec_review.report import Report

SILENT = {"version-not-moved", "texts-changed", "lint-finding-new", "scenario-plays-differently"}


def as_changelog(report: Report) -> str:
    """An entry ready to paste under **Contract**; nothing where nothing changed."""
    told = [change for change in report.changes if change.id not in SILENT]
    if not told:
        return ""
    lines = [_line(change) for change in told]
    return "\n".join(["### Contract", "", *dict.fromkeys(lines)]) + "\n"


def _line(change: Change) -> str:
    start = "**Breaking:** " if change.level == "error" else ""
    grade = f" ({change.grade})" if change.grade != "documented" and not change.id.startswith("fact-") else ""
    operations = list(dict.fromkeys(use.operation for use in change.uses))
    named = [name for name in operations if name not in change.message]
    who = f" ({', '.join(named[:3])}{', …' if len(named) > 3 else ''})" if named else ""
    return f"- {start}{change.message.rstrip('.')}{grade}{who}."
