"""Which constraints of a schema apply if its assumed facts are left out?

No error may depend on an assumed fact. The schema that accepts a value is therefore read as `strict`: its
assumed constraints apply, its assumed permissions do not. The schema that rejects the value is read as `lax`:
its assumed constraints do not apply, its assumed permissions do. With `full`, every fact applies.
"""

from typing import Any, Literal

from openapi import GRADES, Grade
from spec_review.loading import Document

ASSUMED_KEYWORDS = f"x-{Grade.ASSUMED}"
Reading = Literal["strict", "lax", "full"]


def graded(value: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The keywords of one schema at a reading; those in `x-observed` always apply."""
    if reading == "lax" and value.get("x-grade") == Grade.ASSUMED:
        return {}
    merged = value
    for grade in GRADES[1:]:
        extra = value.get(f"x-{grade}")
        if isinstance(extra, dict) and not (grade == Grade.ASSUMED and reading == "lax"):
            merged = {**merged, **extra, "required": _joined(merged.get("required"), extra.get("required"))}
    graded_values = value.get("x-enum-grade")
    if reading == "strict" and isinstance(graded_values, dict) and isinstance(merged.get("enum"), list):
        certain = [one for one in merged["enum"] if graded_values.get(one) != Grade.ASSUMED]
        merged = {**merged, "enum": certain or merged["enum"]}
    return merged


def _joined(one: Any, other: Any) -> list[Any]:
    """The `required` lists of the schema and of a grade together."""
    return [*(one if isinstance(one, list) else []), *(other if isinstance(other, list) else [])]


def has_assumptions(document: Document) -> bool:
    """Whether anything in a document is graded `assumed`."""
    if not document.may_have_grades:
        return False
    pending: list[Any] = [document.content]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if item.get("x-grade") == Grade.ASSUMED or ASSUMED_KEYWORDS in item or "x-enum-grade" in item:
                return True
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return False
