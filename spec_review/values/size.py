"""How short and plain is a value?"""

import json
from typing import Any


def size(value: Any) -> tuple[int, int, float]:
    """A sort key: the length as JSON, whether it is ASCII, and the distance from zero."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    number = abs(value) if isinstance(value, int | float) else 0
    return (len(text), 0 if text.isascii() else 1, number)


def distinct(values: list[Any]) -> list[Any]:
    """The values without duplicates, in order."""
    return list({json.dumps(value, sort_keys=True, default=str): value for value in values}.values())
