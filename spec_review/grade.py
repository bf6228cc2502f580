"""Which grade does the fact at a place have?"""

from openapi import GRADES, Grade
from spec_review.loading import Cursor

UNSTABLE = {"draft", "alpha"}
"""Values of `x-stability-level` that promise no stability."""


def grade_at(cursor: Cursor | None) -> Grade:
    """The grade at a place: its own `x-grade`, or that of its nearest parent, or `documented`."""
    if cursor is None:
        return Grade.DOCUMENTED
    found = Grade.DOCUMENTED
    value = cursor.document.content
    for key in ("", *cursor.path):
        if key:
            try:
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, TypeError, ValueError):
                return found
        if isinstance(value, dict) and value.get("x-grade") in GRADES:
            found = Grade(value["x-grade"])
    return found


def weakest(*grades: Grade) -> Grade:
    """The grade that is least well known."""
    return max(grades, key=lambda grade: grade.rank)
