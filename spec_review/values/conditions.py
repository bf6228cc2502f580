"""Which schemas are below a keyword, and which of them apply only under a condition?"""

from collections.abc import Iterator
from typing import Any

from openapi import GRADES, Grade
from spec_review.loading import Cursor
from spec_review.values.schema import Part, Schema, keywords


def inner_cursors(part: Part, *keys: str) -> list[Cursor]:
    """The schema below a keyword, also when the keyword is in `x-observed` or `x-assumed`."""
    for grade in GRADES if part.cursor.document.may_have_grades else GRADES[:1]:
        if grade == Grade.ASSUMED and part.view.reading == "lax":
            continue
        holder = () if grade == Grade.DOCUMENTED else (f"x-{grade}",)
        value, path = part.cursor.value, part.cursor.path
        for key in (*holder, *keys):
            value = value.get(key) if isinstance(value, dict) else None
            path = (*path, key)
        if isinstance(value, dict | bool):
            return [Cursor(part.cursor.document, path, value)]
    return []


CONDITIONS = ("if", "then", "else", "not", "contains", "unevaluatedProperties", "unevaluatedItems")


def conditions(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The schemas that apply only under a condition, or only to a part of the value."""
    for part in schema:
        for key in CONDITIONS:
            yield from ((key, (Part(cursor, part.view),)) for cursor in inner_cursors(part, key))
        named = keywords(part).get("dependentSchemas")
        for name in named if isinstance(named, dict) else ():
            yield from (
                ("then", (Part(cursor, part.view),))
                for cursor in inner_cursors(part, "dependentSchemas", name)
            )


def hints(every: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The values of keywords inside `not`, `if` and the like; values next to them are worth trying."""
    nested: dict[str, list[Any]] = {}
    pending = [
        inner
        for key in ("not", "if", "then", "else", "contains", "propertyNames")
        for inner in every.get(key, [])
    ]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            for keyword, stated in value.items():
                nested.setdefault(keyword, []).append(stated)
                pending.append(stated)
        elif isinstance(value, list):
            pending.extend(value)
    return nested
