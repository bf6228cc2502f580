"""Which few items of a failing set are enough to make it fail?"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

Item = TypeVar("Item")


def shrink(
    items: Sequence[Item], fails: Callable[[Sequence[Sequence[Item]]], Sequence[bool]]
) -> tuple[Item, ...]:
    """A smallest failing part of a failing set, by delta debugging.

    `fails` says of several parts which of them fail; it may look at them at once.
    """
    kept, parts = tuple(items), 2
    while len(kept) > 1:
        chunks = _split(kept, parts)
        smaller = _first_failing(chunks, fails)
        if smaller is not None:
            kept, parts = smaller, 2
            continue
        others = [tuple(item for item in kept if item not in chunk) for chunk in chunks]
        smaller = _first_failing(others, fails) if parts > 2 else None
        if smaller is not None:
            kept, parts = smaller, max(2, parts - 1)
        elif parts >= len(kept):
            break
        else:
            parts = min(len(kept), 2 * parts)
    return kept


def _split(items: tuple[Item, ...], parts: int) -> list[tuple[Item, ...]]:
    borders = [len(items) * at // parts for at in range(parts + 1)]
    return [items[begin:end] for begin, end in pairwise(borders) if begin < end]


def _first_failing(
    parts: list[tuple[Item, ...]], fails: Callable[[Sequence[Sequence[Item]]], Sequence[bool]]
) -> tuple[Item, ...] | None:
    """The first of the parts that fails; two are looked at, at a time."""
    for at in range(0, len(parts), 2):
        pair = parts[at : at + 2]
        for part, failed in zip(pair, fails(pair), strict=True):
            if failed:
                return part
    return None
