"""Which entries of a list are on one page?

All lists of the API are paged by one rule, in `Filling`. `filled` applies it to an iterable. A list that is
fetched asynchronously passes its entries to a `Filling` itself.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

LARGEST = 100

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Window:
    """The page that a request asks for. An empty cursor is no cursor."""

    limit: int
    ascending: bool
    after: str = ""
    before: str = ""

    @property
    def backwards(self) -> bool:
        """Whether the page ends at its cursor: only `before` was given."""
        return bool(self.before) and not self.after


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """The entries of a page, and whether there are more beyond its end."""

    entries: tuple[Item, ...]
    more: bool


class Filling(Generic[Item]):
    """A page that is being filled.

    Walk the list from the entry `start` (None: from its end) in the direction `ascending`. Pass each entry to
    `take` until it returns False. `position` maps an entry to a value that increases along the list.
    """

    def __init__(
        self, window: Window, after: Item | None, before: Item | None, position: Callable[[Item], Any]
    ) -> None:
        self._window, self._position = window, position
        self.ascending = window.ascending is not window.backwards
        self.start, self._stop = (before, None) if window.backwards else (after, before)
        self._entries: list[Item] = []
        self._more = False

    def take(self, item: Item) -> bool:
        """Add an entry if it belongs to the page; False if the page is complete."""
        if self.start is not None and not self._is_past(item, self.start):
            return True
        if self._stop is not None and not self._is_past(self._stop, item):
            return False
        if len(self._entries) == self._window.limit:
            self._more = True
            return False
        self._entries.append(item)
        return True

    def page(self) -> tuple[list[Item], bool]:
        """The entries in the order that was asked for, and whether there are more."""
        return self._entries[::-1] if self._window.backwards else self._entries, self._more

    def _is_past(self, item: Item, other: Item) -> bool:
        """Whether an entry comes after another one in the direction of the walk."""
        here, there = self._position(item), self._position(other)
        return bool(here > there if self.ascending else here < there)


def filled(
    window: Window,
    after: Item | None,
    before: Item | None,
    walk: Callable[[Item | None, bool], Iterable[Item]],
    position: Callable[[Item], Any] = lambda item: item,
) -> tuple[list[Item], bool]:
    """The entries of a page, and whether there are more.

    `after` and `before` are the entries that the cursors name. `walk` gives the entries from one on in one
    direction. `position` is as for `Filling`.
    """
    filling = Filling(window, after, before, position)
    for item in walk(filling.start, filling.ascending):
        if not filling.take(item):
            break
    return filling.page()


def as_list(entries: list[dict[str, Any]], more: bool) -> dict[str, Any]:
    """A page as the API shows it."""
    return {
        "object": "list",
        "data": entries,
        "firstId": entries[0]["id"] if entries else None,
        "lastId": entries[-1]["id"] if entries else None,
        "hasMore": more,
    }
