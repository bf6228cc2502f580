"""How are things kept in the order they came, so that a page costs the page?

A `LinkedList` finds, adds and takes out an entry in constant time, wherever it stands.
"""

from collections.abc import Iterator

from mock_server.storage.pagination import Window, filled


class UnknownCursorError(LookupError):
    """A cursor that is not in the list it was given for."""

    def __init__(self, parameter: str, cursor: str) -> None:
        super().__init__(parameter, cursor)
        self.parameter, self.cursor = parameter, cursor


class Link:
    """An entry's id, its number (a later entry has a higher one), and its neighbours."""

    __slots__ = ("earlier", "id", "later", "number")

    def __init__(self, entry_id: str, number: int, earlier: "Link | None") -> None:
        self.id, self.number = entry_id, number
        self.earlier = earlier
        self.later: Link | None = None


class LinkedList:
    """Ids in the order they came."""

    __slots__ = ("_links", "first", "last")

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        self.first: Link | None = None
        self.last: Link | None = None

    def __len__(self) -> int:
        return len(self._links)

    def get(self, entry_id: str) -> Link | None:
        """The entry of an id."""
        return self._links.get(entry_id)

    def append(self, entry_id: str, number: int) -> None:
        """Add an entry at the end; the number is higher than any before."""
        link = self._links[entry_id] = Link(entry_id, number, self.last)
        if self.last is None:
            self.first = link
        else:
            self.last.later = link
        self.last = link

    def remove(self, entry_id: str) -> int:
        """Take an entry out; its number."""
        link = self._links.pop(entry_id)
        if link.earlier is None:
            self.first = link.later
        else:
            link.earlier.later = link.later
        if link.later is None:
            self.last = link.earlier
        else:
            link.later.earlier = link.earlier
        return link.number

    def walk(self, start: Link | None, ascending: bool) -> Iterator[Link]:
        """The entries from one on, in one direction; from that direction's beginning if none is given."""
        link = start or (self.first if ascending else self.last)
        while link is not None:
            yield link
            link = link.later if ascending else link.earlier

    def page(self, window: Window) -> tuple[list[str], bool]:
        """The ids on a page as asked for, and whether there are more. Raises `UnknownCursorError`."""
        after, before = self._cursor("after", window.after), self._cursor("before", window.before)
        links, more = filled(window, after, before, self.walk, lambda link: link.number)
        return [link.id for link in links], more

    def _cursor(self, parameter: str, cursor: str) -> Link | None:
        if not cursor:
            return None
        if cursor not in self._links:
            raise UnknownCursorError(parameter, cursor)
        return self._links[cursor]
