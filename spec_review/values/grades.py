"""Which constraints of a schema count when its assumed facts are doubted?

An error must not rest on an assumed fact of either document. So the side whose values are drawn is read strictly
(assumed constraints hold, assumed permissions are not used) and the side that might refuse them is read laxly
(assumed constraints are dropped, assumed permissions stand). `full` counts every fact.
"""

from typing import Any, Literal

Reading = Literal["strict", "lax", "full"]


def graded(value: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The keywords of one schema at a reading; `x-observed` always counts."""
    observed, assumed = value.get("x-observed"), value.get("x-assumed")
    if reading == "lax" and value.get("x-grade") == "assumed":
        return {}
    if not isinstance(observed, dict) and not isinstance(assumed, dict):
        return value
    merged = {**value, **(observed if isinstance(observed, dict) else {})}
    if reading != "lax" and isinstance(assumed, dict):
        merged.update(assumed)
    return merged


def has_assumptions(value: Any) -> bool:
    """Whether anything in a document is graded `assumed`."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if item.get("x-grade") == "assumed" or "x-assumed" in item:
                return True
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return False
