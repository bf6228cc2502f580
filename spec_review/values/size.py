"""How small is a value to a reader?"""

import json
from typing import Any


def size(value: Any) -> tuple[int, int, float]:
    """How small a value is to a reader: how long, how plain, and how near to nought."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    number = abs(value) if isinstance(value, int | float) else 0
    return (len(text), 0 if text.isascii() else 1, number)


def distinct(values: list[Any]) -> list[Any]:
    """The values without repeats, in order."""
    return list({json.dumps(value, sort_keys=True, default=str): value for value in values}.values())
