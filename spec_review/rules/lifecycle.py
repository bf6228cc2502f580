"""What changed in the `x-lifecycle` of a status enum?"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from openapi import GRADES, Grade
from spec_review.change import Change, Use, capped
from spec_review.comparison import Comparison, grade_change, make_change
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor

UNNAMED = {"allOf", "anyOf", "oneOf", "items", "schema"}
"""Keys that do not name a lifecycle."""

FIELDS = {
    "lifecycle-initial-changed": "initial",
    "lifecycle-transition-removed": "next",
    "lifecycle-transition-added": "next",
    "lifecycle-terminal-changed": "terminal",
    "lifecycle-timestamp-changed": "timestamp",
    "lifecycle-deadline-changed": "deadline",
}
"""The field of the lifecycle that each rule is about; each field can have a grade."""


def lifecycles(comparison: Comparison) -> Iterator[Change]:
    """Changes to each `x-lifecycle`; lifecycles are matched by name, then by their statuses."""
    if not any(one.source.mentions("x-lifecycle") for one in (comparison.base, comparison.revision)):
        return
    old = lifecycle_cursors(comparison.base.root)
    new = lifecycle_cursors(comparison.revision.root)
    for name, moved in _moved(old, new):
        new[name] = moved
    for name, one in old.items():
        if name in new:
            yield from _graded_changes(name, one, new[name])
        elif (owner := _owner(comparison.revision.root, one)) is not None:
            message = f"The document no longer describes the lifecycle of `{name}`."
            yield make_change("lifecycle-removed", message, one, owner, subject=name)
    for name, other in new.items():
        if name not in old and _owner(comparison.base.root, other) is not None:
            message = f"The document now describes the lifecycle of `{name}`."
            yield make_change("lifecycle-added", message, None, other, subject=name)


def _moved(old: dict[str, Cursor], new: dict[str, Cursor]) -> list[tuple[str, Cursor]]:
    """Lifecycles that moved to another schema, found by their statuses; removes them from `new`."""
    pairs = []
    for name in [name for name in old if name not in new]:
        similar = [other for other in new if other not in old and _overlap(old[name], new[other]) > 0.5]
        if similar:
            best = max(similar, key=lambda other: _overlap(old[name], new[other]))
            pairs.append((name, new.pop(best)))
    for name in [name for name in new if name not in old]:
        if any(statuses(new[name]) == statuses(one) for one in old.values()):
            del new[name]  # a copy of a lifecycle that the base has
    return pairs


def _overlap(one: Cursor, other: Cursor) -> float:
    """The share of common statuses, plus a tenth for statuses with equal facts."""
    left, right = statuses(one), statuses(other)
    same = sum(left[status] == right.get(status) for status in left)
    return (len(set(left) & set(right)) + 0.1 * same) / (max(len(left), len(right)) or 1)


def _owner(root: Cursor, lifecycle: Cursor) -> Cursor | None:
    return root.get(*lifecycle.path[:-1])


def lifecycle_cursors(root: Cursor) -> dict[str, Cursor]:
    """All lifecycles of a document by name."""
    result: dict[str, Cursor] = {}
    pending = [root]
    while pending:
        cursor = pending.pop()
        if isinstance(cursor.value, dict) and isinstance(cursor.value.get("x-lifecycle"), dict):
            result.setdefault(_name(cursor.path), cursor.raw("x-lifecycle"))
        if isinstance(cursor.value, dict):
            pending.extend(
                cursor.raw(key) for key, value in cursor.value.items() if isinstance(value, dict | list)
            )
        elif isinstance(cursor.value, list):
            pending.extend(cursor.raw(str(index)) for index in range(len(cursor.value)))
    return result


def _name(path: tuple[str, ...]) -> str:
    """The name of a lifecycle: the last key of the path that the author chose."""
    return next((step for step in reversed(path) if step not in UNNAMED and not step.isdigit()), "document")


def _graded_changes(name: str, base: Cursor, revision: Cursor) -> Iterator[Change]:
    for change in _changes(name, base, revision):
        field = FIELDS.get(change.id, "")
        grade = weakest(change.grade, _field_grade(base, field), _field_grade(revision, field))
        yield replace(change, grade=grade, level=capped(change.level, grade))
    yield from _grade_changes(name, base, revision)


def _field_grade(lifecycle: Cursor, field: str) -> Grade:
    """The grade of a field: the one under `grades`, or that of the place."""
    grades = lifecycle.value.get("grades")
    own = grades.get(field) if isinstance(grades, dict) else None
    return Grade(own) if own in GRADES else grade_at(lifecycle)


def _grade_changes(name: str, base: Cursor, revision: Cursor) -> Iterator[Change]:
    for field in dict.fromkeys(FIELDS.values()):
        old, new = _field_grade(base, field), _field_grade(revision, field)
        if old != new:
            fact = f"`{field}` in the lifecycle `{name}`"
            yield grade_change(fact, base, revision, old, new, f"{name} lifecycle {field}")


def _changes(name: str, base: Cursor, revision: Cursor) -> Iterator[Change]:
    use = Use(name, "lifecycle")
    for key, field in (("initial", "initial status"), ("deadline", "deadline field")):
        old, new = base.text(key), revision.text(key)
        if old != new:
            message = f"The {field} of `{name}` changed from {_quoted(old)} to {_quoted(new)}."
            yield make_change(f"lifecycle-{key}-changed", message, base, revision, use, old=old, new=new)
    before, after = statuses(base), statuses(revision)
    for status in before:
        at = _at(base, status)
        if status in after:
            facts = before[status], after[status]
            yield from _status_changes(name, status, *facts, at, _at(revision, status), use)
        else:
            message = f"`{name}` no longer has the status `{status}`."
            yield make_change("lifecycle-status-removed", message, at, revision, use, old=status)
    for status in after:
        if status not in before:
            message = f"`{name}` now has the status `{status}`, {_next_words(after[status])}."
            at = _at(revision, status)
            yield make_change("lifecycle-status-added", message, base, at, use, new=status)


def statuses(lifecycle: Cursor) -> dict[str, dict[str, Any]]:
    """The facts of each status; a list instead of facts holds the next statuses."""
    value = lifecycle.value.get("statuses") or lifecycle.value.get("transitions") or {}
    if not isinstance(value, dict):
        return {}
    return {
        str(status): facts if isinstance(facts, dict) else {"next": facts if isinstance(facts, list) else []}
        for status, facts in value.items()
    }


def _at(lifecycle: Cursor, status: str) -> Cursor:
    return lifecycle.get("statuses", status) or lifecycle.get("transitions", status) or lifecycle


def _status_changes(
    name: str,
    status: str,
    old: dict[str, Any],
    new: dict[str, Any],
    base: Cursor,
    revision: Cursor,
    use: Use,
) -> Iterator[Change]:
    at = (base, revision, use)
    before, after = next_statuses(old), next_statuses(new)
    for other in before:
        if other not in after:
            message = f"`{name}` can no longer go from `{status}` to `{other}`."
            yield make_change("lifecycle-transition-removed", message, *at, old=f"{status} -> {other}")
    for other in after:
        if other not in before:
            message = f"`{name}` can now go from `{status}` to `{other}`."
            yield make_change("lifecycle-transition-added", message, *at, new=f"{status} -> {other}")
    if _terminal(old) != _terminal(new):
        effect = "no longer terminal; clients that stop polling there miss later changes"
        message = f"The status `{status}` of `{name}` is {'now terminal' if _terminal(new) else effect}."
        yield make_change("lifecycle-terminal-changed", message, *at, old=status, new=_terminal(new))
    if old.get("timestamp") != new.get("timestamp"):
        stamps = timestamp_words(old), timestamp_words(new)
        message = f"The status `{status}` of `{name}` now sets {stamps[1]} instead of {stamps[0]}."
        old_stamp, new_stamp = (f"{status}: {stamp}" for stamp in stamps)
        yield make_change("lifecycle-timestamp-changed", message, *at, old=old_stamp, new=new_stamp)


def next_statuses(facts: dict[str, Any]) -> list[str]:
    """The statuses that may follow a status."""
    listed = facts.get("next")
    return [str(status) for status in listed] if isinstance(listed, list) else []


def _terminal(facts: dict[str, Any]) -> bool:
    stated = facts.get("terminal")
    return stated if isinstance(stated, bool) else not next_statuses(facts)


def timestamp_words(facts: dict[str, Any]) -> str:
    """The timestamp that a status sets, for a sentence."""
    return f"`{facts['timestamp']}`" if facts.get("timestamp") else "no timestamp"


def _quoted(text: str) -> str:
    return f"`{text}`" if text else "none"


def _next_words(facts: dict[str, Any]) -> str:
    following = next_statuses(facts)
    if not following:
        return "which is terminal"
    return f"which may be followed by {' or '.join(f'`{status}`' for status in following)}"
