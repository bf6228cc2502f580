"""How well founded is the fact at a place: `documented`, `observed` or `assumed`?"""

from openapi import GRADES, Grade
from spec_review.loading import Cursor

UNSTABLE = {"draft", "alpha"}
"""`x-stability-level`s that promise nothing yet."""


def grade_at(cursor: Cursor | None) -> Grade:
    """The grade that holds at a place: its own or the nearest parent's."""
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


def weakest(*grades: str) -> Grade:
    """The least founded of some grades."""
    return max(map(Grade, grades), key=lambda grade: grade.rank)
