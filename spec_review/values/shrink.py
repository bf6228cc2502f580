"""Is there a smaller value that shows the same?"""

from collections.abc import Callable, Iterator
from typing import Any

TRIES = 200


def shrunk(value: Any, shows: Callable[[Any], bool]) -> Any:
    """The value with everything taken away that need not be there."""
    left = TRIES
    smaller = True
    while smaller and left > 0:
        smaller = False
        for candidate in _less(value):
            left -= 1
            if left < 0:
                break
            if shows(candidate):
                value, smaller = candidate, True
                break
    return value


def _less(value: Any) -> Iterator[Any]:
    """Values with one thing fewer, the largest cuts first."""
    if isinstance(value, dict):
        for name in value:
            yield {key: inner for key, inner in value.items() if key != name}
        for name, inner in value.items():
            yield from ({**value, name: less} for less in _less(inner))
    elif isinstance(value, list):
        for place in range(min(len(value), 20)):
            yield [*value[:place], *value[place + 1 :]]
        for place, inner in enumerate(value[:20]):
            yield from ([*value[:place], less, *value[place + 1 :]] for less in _less(inner))
    elif isinstance(value, str) and len(value) > 1:
        yield from (value[: len(value) // 2], value[:-1])
