"""Which keyword is the reason that a schema rejects a value?"""

from collections.abc import Container
from typing import Any

from spec_review.values import candidates
from spec_review.values.schema import Part, Schema, keywords, members


def is_one_of(schema: Schema) -> bool:
    """Whether the schema is a `oneOf`: then overlapping members are only a warning."""
    pending, seen = list(schema), set()
    while pending:
        part = pending.pop()
        if part.identity in seen:
            continue
        seen.add(part.identity)
        own = keywords(part)
        if own.get("oneOf"):
            return True
        if isinstance(own.get("$ref"), str) and part.cursor.follow().key != part.cursor.key:
            pending.append(Part(part.cursor.follow(), part.view))
        pending.extend(members(part, "allOf"))
    return False


def keyword_of(name: str, value: Any) -> str:
    """The keyword that a person would name for the keyword that the validator reports."""
    if value is None and name in ("type", "enum", "const"):
        return "nullable"
    return {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum", "falseSchema": "not"}.get(
        name, name
    )


def names_of(name: str, details: dict[str, Any]) -> list[str]:
    """The properties that a rejection names; an empty string when it names none."""
    if name == "required":
        return [str(details.get("property", ""))]
    if name in ("additionalProperties", "unevaluatedProperties"):
        unexpected = details.get("unexpected")
        words = [str(word) for word in unexpected] if isinstance(unexpected, list) else []
        return ["" if word.startswith(candidates.UNKNOWN_NAME) else word for word in words] or [""]
    return [""]


def step_of(place: Any) -> str:
    """One step of a path into a value: the property's name, or `[]` for any item."""
    return place if isinstance(place, str) else "[]"


IMPORTANCE = ("nullable", "type", "const", "enum", "required", "additionalProperties", "format", "pattern")


def main_reasons(reasons: list[tuple[str, str]], known: Container[tuple[str, str]]) -> list[tuple[str, str]]:
    """The reasons to report: each missing or forbidden property, or else the most important keyword."""
    if any(reason in known for reason in reasons if not reason[1]):
        return []
    first = min(reasons, key=_importance)
    named = [reason for reason in reasons if reason[1]]
    return [reason for reason in named if reason not in known] if first[1] else [first]


def _importance(reason: tuple[str, str]) -> int:
    return IMPORTANCE.index(reason[0]) if reason[0] in IMPORTANCE else len(IMPORTANCE)
