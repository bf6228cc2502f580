"""Which constraints of a schema count when its assumed facts are doubted?

An error must not rest on an assumed fact of either document. So the side whose values are drawn is read
strictly (assumed constraints hold, assumed permissions are not used) and the side that might refuse them is
read laxly (assumed constraints are dropped, assumed permissions stand). `full` counts every fact.
"""

from typing import Any, Literal

Reading = Literal["strict", "lax", "full"]


def graded(value: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The keywords of one schema at a reading; `x-observed` always counts."""
    if reading == "lax" and value.get("x-grade") == "assumed":
        return {}
    merged = value
    for holder in ("x-observed", "x-assumed"):
        extra = value.get(holder)
        if isinstance(extra, dict) and not (holder == "x-assumed" and reading == "lax"):
            merged = {**merged, **extra, "required": _joined(merged.get("required"), extra.get("required"))}
    graded_values = value.get("x-enum-grade")
    if reading == "strict" and isinstance(graded_values, dict) and isinstance(merged.get("enum"), list):
        sure = [one for one in merged["enum"] if graded_values.get(one) != "assumed"]
        merged = {**merged, "enum": sure or merged["enum"]}
    return merged


def _joined(one: Any, other: Any) -> list[Any]:
    """A `required` list under a grade is joined with the schema's own."""
    return [*(one if isinstance(one, list) else []), *(other if isinstance(other, list) else [])]


def has_assumptions(value: Any) -> bool:
    """Whether anything in a document is graded `assumed`."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if item.get("x-grade") == "assumed" or "x-assumed" in item or "x-enum-grade" in item:
                return True
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return False
