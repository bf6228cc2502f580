"""How short and plain is a value, and which smaller one still fulfils a condition?"""

import json
from collections.abc import Callable, Iterator
from typing import Any

MAX_TRIES = 200
ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


def shrink(value: Any, holds: Callable[[Any], bool]) -> Any:
    """The value without the parts that the condition does not need; at most `MAX_TRIES` are tried."""
    left = MAX_TRIES
    smaller = True
    while smaller and left > 0:
        smaller = False
        for candidate in _smaller(value):
            left -= 1
            if left < 0:
                break
            if holds(candidate):
                value, smaller = candidate, True
                break
    return value


def _smaller(value: Any) -> Iterator[Any]:
    """Values with one part removed or shortened, the largest parts first."""
    if isinstance(value, dict):
        for name in value:
            yield {key: inner for key, inner in value.items() if key != name}
        for name, inner in value.items():
            yield from ({**value, name: less} for less in _smaller(inner))
    elif isinstance(value, list):
        for place in range(min(len(value), 20)):
            yield [*value[:place], *value[place + 1 :]]
        for place, inner in enumerate(value[:20]):
            yield from ([*value[:place], less, *value[place + 1 :]] for less in _smaller(inner))
    elif isinstance(value, str) and len(value) > 1:
        yield from (value[: len(value) // 2], value[:-1])


def size(value: Any) -> tuple[int, int, float]:
    """A sort key: the length as JSON, whether it is ASCII, and the distance from zero."""
    text = ENCODER.encode(value)
    number = abs(value) if isinstance(value, int | float) else 0
    return (len(text), 0 if text.isascii() else 1, number)


def distinct(values: list[Any]) -> list[Any]:
    """The values without duplicates, in order."""
    return list({json.dumps(value, sort_keys=True, default=str): value for value in values}.values())
