"""What is the changelog entry for a report?"""

from openapi import Grade
from spec_review.change import Change
from spec_review.render.escape import markdown
from spec_review.report import Report

UNLISTED = {"version-not-moved", "texts-changed", "lint-finding-new", "scenario-plays-differently"}
"""Rules whose changes do not belong in a changelog."""


SEVERAL = "Several operations"


def as_changelog(report: Report) -> str:
    """An entry to paste under **Contract**, grouped by operation; empty when nothing changed."""
    groups: dict[str, list[str]] = {}
    for change in report.changes:
        if change.id not in UNLISTED:
            groups.setdefault(_group(change), []).append(_line(change))
    if not groups:
        return ""
    order = sorted(groups, key=lambda name: (name != "", name != SEVERAL))
    parts = ["### Contract", ""]
    for name in order:
        parts += [f"**{markdown(name)}**", ""] if name else []
        parts += [*dict.fromkeys(groups[name]), ""]
    return "\n".join(parts)


def _operations(change: Change) -> list[str]:
    return list(dict.fromkeys(use.operation for use in change.uses if use.part != "lifecycle"))


def _group(change: Change) -> str:
    """The operation of a change; empty for a change of none."""
    operations = _operations(change)
    return SEVERAL if len(operations) > 1 else "".join(operations)


def _line(change: Change) -> str:
    start = "**Breaking:** " if change.level == "error" else ""
    regraded = change.id.startswith("fact-")
    grade = "" if regraded or change.grade == Grade.DOCUMENTED else f" ({change.grade})"
    named = _operations(change) if _group(change) == SEVERAL else []
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    who = f" ({markdown(', '.join(named[:3]))}{more})" if named else ""
    return f"- {start}{markdown(change.message.rstrip('.'))}{grade}{who}."
