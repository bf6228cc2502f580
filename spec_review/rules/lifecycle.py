"""What changed in the lifecycle that stands beside a status enum?"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from openapi import GRADES
from spec_review.change import Change, Use
from spec_review.comparison import Comparison, found, regraded
from spec_review.grade import grade_at, weakest
from spec_review.loading import Cursor

UNNAMED = {"allOf", "anyOf", "oneOf", "items", "schema"}
KINDS = {
    "lifecycle-initial-changed": "initial",
    "lifecycle-transition-removed": "next",
    "lifecycle-transition-added": "next",
    "lifecycle-terminal-changed": "terminal",
    "lifecycle-timestamp-changed": "timestamp",
    "lifecycle-deadline-changed": "deadline",
}


def lifecycles(comparison: Comparison) -> Iterator[Change]:
    """Every `x-lifecycle` of both documents, matched by its place."""
    ones, others = lifecycle_cursors(comparison.base.root), lifecycle_cursors(comparison.head.root)
    for name, other in _moved(ones, others):
        others[name] = other
    for name, one in ones.items():
        if name in others:
            yield from _one(name, one, others[name])
        elif _owner(comparison.head.root, one) is not None:
            message = f"The lifecycle of `{name}` is no longer described."
            yield found("lifecycle-removed", message, one, _owner(comparison.head.root, one), subject=name)
    for name, other in others.items():
        if name not in ones and _owner(comparison.base.root, other) is not None:
            yield found(
                "lifecycle-added", f"The lifecycle of `{name}` is described now.", None, other, subject=name
            )


def _moved(ones: dict[str, Cursor], others: dict[str, Cursor]) -> list[tuple[str, Cursor]]:
    """Lifecycles that stand elsewhere now: told by their statuses."""
    pairs = []
    for name in [name for name in ones if name not in others]:
        twins = [twin for twin in others if twin not in ones and _overlap(ones[name], others[twin]) > 0.5]
        if twins:
            best = max(twins, key=lambda twin: _overlap(ones[name], others[twin]))
            pairs.append((name, others.pop(best)))
    for name in [name for name in others if name not in ones]:
        if any(statuses(others[name]) == statuses(one) for one in ones.values()):
            del others[name]  # one more copy of what is known
    return pairs


def _overlap(one: Cursor, other: Cursor) -> float:
    """How much two lifecycles have in common: their statuses, and a little what is said of each."""
    left, right = statuses(one), statuses(other)
    same = sum(left[status] == right.get(status) for status in left)
    return (len(set(left) & set(right)) + 0.1 * same) / (max(len(left), len(right)) or 1)


def _owner(root: Cursor, lifecycle: Cursor) -> Cursor | None:
    return root.get(*lifecycle.path[:-1])


def lifecycle_cursors(root: Cursor) -> dict[str, Cursor]:
    """Every lifecycle below a place, by name."""
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
            pending.extend(cursor.raw(str(place)) for place in range(len(cursor.value)))
    return result


def _name(path: tuple[str, ...]) -> str:
    """What a lifecycle is called: the nearest name that people chose."""
    return next((step for step in reversed(path) if step not in UNNAMED and not step.isdigit()), "document")


def _one(name: str, base: Cursor, head: Cursor) -> Iterator[Change]:
    for change in _changes(name, base, head):
        kind = KINDS.get(change.id, "")
        grade = weakest(change.grade, _kind_grade(base, kind), _kind_grade(head, kind))
        capped = grade == "assumed" and change.level in ("error", "warning")
        yield replace(change, grade=grade, level="info" if capped else change.level)
    yield from _kind_grades(name, base, head)


def _kind_grade(lifecycle: Cursor, kind: str) -> str:
    """How well a kind of facts is known: said under `grades`, else as all around it."""
    grades = lifecycle.value.get("grades")
    said = grades.get(kind) if isinstance(grades, dict) else None
    return str(said) if said in GRADES else grade_at(lifecycle)


def _kind_grades(name: str, base: Cursor, head: Cursor) -> Iterator[Change]:
    for kind in ("initial", "next", "terminal", "timestamp", "deadline"):
        old, new = _kind_grade(base, kind), _kind_grade(head, kind)
        if old != new:
            what = f"{kind} of the lifecycle `{name}`"
            yield regraded(f"What is said of {what}", base, head, old, new, f"{name} lifecycle {kind}")


def _changes(name: str, base: Cursor, head: Cursor) -> Iterator[Change]:
    use = Use(name, "lifecycle")
    for key, said in (("initial", "begins as"), ("deadline", "ends by itself at")):
        old, new = base.text(key), head.text(key)
        if old != new:
            message = f"`{name}` {said} {_quoted(new)} now; it was {_quoted(old)}."
            yield found(f"lifecycle-{key}-changed", message, base, head, use, old=old, new=new)
    ones, others = statuses(base), statuses(head)
    for status in ones:
        if status not in others:
            message = f"`{name}` no longer has the status `{status}`."
            yield found("lifecycle-status-removed", message, _at(base, status), head, use, old=status)
        else:
            yield from _status(
                name, status, ones[status], others[status], _at(base, status), _at(head, status), use
            )
    for status in others:
        if status not in ones:
            message = f"`{name}` has the status `{status}` now, {_leaving(others[status])}."
            yield found("lifecycle-status-added", message, base, _at(head, status), use, new=status)


def statuses(lifecycle: Cursor) -> dict[str, dict[str, Any]]:
    """Each status with its facts; a bare list stands for the next statuses."""
    value = lifecycle.value.get("statuses") or lifecycle.value.get("transitions") or {}
    if not isinstance(value, dict):
        return {}
    return {
        str(status): facts if isinstance(facts, dict) else {"next": facts if isinstance(facts, list) else []}
        for status, facts in value.items()
    }


def _at(lifecycle: Cursor, status: str) -> Cursor:
    return lifecycle.get("statuses", status) or lifecycle.get("transitions", status) or lifecycle


def _status(
    name: str, status: str, old: dict[str, Any], new: dict[str, Any], base: Cursor, head: Cursor, use: Use
) -> Iterator[Change]:
    before, after = _next(old), _next(new)
    for step in before:
        if step not in after:
            message = f"`{name}` can no longer go from `{status}` to `{step}`."
            yield found("lifecycle-transition-removed", message, base, head, use, old=f"{status} -> {step}")
    for step in after:
        if step not in before:
            message = f"`{name}` can now go from `{status}` to `{step}`."
            yield found("lifecycle-transition-added", message, base, head, use, new=f"{status} -> {step}")
    if _terminal(old) != _terminal(new):
        said = (
            "final now"
            if _terminal(new)
            else "no longer final: clients that stop waiting there miss the rest"
        )
        message = f"In `{name}`, `{status}` is {said}."
        yield found("lifecycle-terminal-changed", message, base, head, use, old=status, new=_terminal(new))
    if old.get("timestamp") != new.get("timestamp"):
        message = f"In `{name}`, `{status}` sets {_stamp(new)} now; it set {_stamp(old)}."
        id_ = "lifecycle-timestamp-changed"
        yield found(
            id_, message, base, head, use, old=f"{status}: {_stamp(old)}", new=f"{status}: {_stamp(new)}"
        )


def _next(facts: dict[str, Any]) -> list[str]:
    steps = facts.get("next")
    return [str(step) for step in steps] if isinstance(steps, list) else []


def _terminal(facts: dict[str, Any]) -> bool:
    said = facts.get("terminal")
    return said if isinstance(said, bool) else not _next(facts)


def _stamp(facts: dict[str, Any]) -> str:
    return f"`{facts['timestamp']}`" if facts.get("timestamp") else "no timestamp"


def _quoted(text: str) -> str:
    return f"`{text}`" if text else "nothing"


def _leaving(facts: dict[str, Any]) -> str:
    steps = _next(facts)
    return (
        f"from which it goes to {' or '.join(f'`{step}`' for step in steps)}" if steps else "which is final"
    )
