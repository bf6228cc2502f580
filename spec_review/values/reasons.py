"""Which keyword is to blame when a value is refused?"""

from collections.abc import Container
from typing import Any

from spec_review.values import candidates
from spec_review.values.schema import Part, Schema, keywords, members


def is_one_of(schema: Schema) -> bool:
    """Whether the schema itself is a `oneOf`: more members may overlap, which is only warned of."""
    pending = list(schema)
    while pending:
        part = pending.pop()
        own = keywords(part)
        if own.get("oneOf"):
            return True
        if isinstance(own.get("$ref"), str) and part.cursor.follow().key != part.cursor.key:
            pending.append(Part(part.cursor.follow(), part.view))
        pending.extend(members(part, "allOf"))
    return False


def keyword_of(name: str, value: Any) -> str:
    """The keyword that people would blame for what a validator calls by this name."""
    if value is None and name in ("type", "enum", "const"):
        return "nullable"
    return {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum", "falseSchema": "not"}.get(
        name, name
    )


def names_of(name: str, said: dict[str, Any]) -> list[str]:
    """The fields that a validator's refusal speaks of; an empty name where it speaks of none."""
    if name == "required":
        return [str(said.get("property", ""))]
    if name in ("additionalProperties", "unevaluatedProperties"):
        unexpected = said.get("unexpected")
        words = [str(word) for word in unexpected] if isinstance(unexpected, list) else []
        return ["" if word.startswith(candidates.NEUTRAL) else word for word in words] or [""]
    return [""]


def step_of(place: Any) -> str:
    """A step of a path into a value: the field's name, or `[]` for any item."""
    return place if isinstance(place, str) else "[]"


IMPORTANCE = ("nullable", "type", "const", "enum", "required", "additionalProperties", "format", "pattern")


def blamed(reasons: list[tuple[str, str]], known: Container[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of several reasons at once: every missing or forbidden name, else the most telling one."""
    if any(reason in known for reason in reasons if not reason[1]):
        return []
    first = min(reasons, key=_importance)
    named = [reason for reason in reasons if reason[1]]
    return [reason for reason in named if reason not in known] if first[1] else [first]


def _importance(reason: tuple[str, str]) -> int:
    return IMPORTANCE.index(reason[0]) if reason[0] in IMPORTANCE else len(IMPORTANCE)
