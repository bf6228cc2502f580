"""Which part of a list is one page?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

LARGEST = 100

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Window:
    """A page as it was asked for; empty cursors are none."""

    limit: int
    ascending: bool
    after: str = ""
    before: str = ""

    @property
    def backwards(self) -> bool:
        """Whether the page is filled from its end: only `before` was given, the page is adjacent to it."""
        return bool(self.before) and not self.after


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some entries of a list, and whether there are more in the direction that the page was filled."""

    entries: tuple[Item, ...]
    more: bool


def filled(
    window: Window,
    after: Item | None,
    before: Item | None,
    walk: Callable[[Item | None, bool], Iterable[Item]],
    position: Callable[[Item], Any] = lambda item: item,
) -> tuple[list[Item], bool]:
    """The entries on a page, and whether there are more.

    `after` and `before` are the cursors' entries, `walk` gives the entries from one on in one direction (from
    its beginning for None), `position` grows with the order of the list.
    """
    ascending = window.ascending is not window.backwards
    start, stop = (before, None) if window.backwards else (after, before)
    found: list[Item] = []
    for item in walk(start, ascending):
        if start is not None and position(item) == position(start):
            continue
        if stop is not None and _at_or_past(position(item), position(stop), ascending):
            break
        if len(found) == window.limit:
            return found[::-1] if window.backwards else found, True
        found.append(item)
    return found[::-1] if window.backwards else found, False


def _at_or_past(position: Any, stop: Any, ascending: bool) -> bool:
    return bool(position >= stop if ascending else position <= stop)


def span(window: Window, count: int, after: int | None, before: int | None) -> tuple[range, bool]:
    """The positions on the page, in the order asked for, and whether there are more.

    `after` and `before` are the cursors' positions in a list of `count` entries, oldest first.
    """
    if not window.ascending:
        after = None if after is None else count - 1 - after
        before = None if before is None else count - 1 - before
    low = 0 if after is None else after + 1
    high = count if before is None else before
    if window.backwards:
        start, stop = max(low, high - window.limit), high
        more = start > low
    else:
        start, stop = low, max(low, min(high, low + window.limit))
        more = stop < high
    if window.ascending:
        return range(start, stop), more
    return range(count - 1 - start, count - 1 - stop, -1), more


def as_list(entries: list[dict[str, Any]], more: bool) -> dict[str, Any]:
    """A page as it is answered."""
    return {
        "object": "list",
        "data": entries,
        "firstId": entries[0]["id"] if entries else None,
        "lastId": entries[-1]["id"] if entries else None,
        "hasMore": more,
    }
