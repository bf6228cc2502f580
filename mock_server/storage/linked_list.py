"""How are ids kept in order, so that a page takes time in proportion to the page?

A `LinkedList` finds, appends and removes an id in constant time.
"""

from collections.abc import Iterator

from mock_server.storage.pagination import Window, filled


class UnknownCursorError(LookupError):
    """A cursor that is not in the list it was given for."""

    def __init__(self, parameter: str, cursor: str) -> None:
        super().__init__(parameter, cursor)
        self.parameter, self.cursor = parameter, cursor


class Node:
    """An id, its number (later ids have higher numbers), and its neighbours."""

    __slots__ = ("id", "next", "number", "previous")

    def __init__(self, entry_id: str, number: int, previous: "Node | None") -> None:
        self.id, self.number = entry_id, number
        self.previous = previous
        self.next: Node | None = None


class LinkedList:
    """Ids in the order in which they were appended."""

    __slots__ = ("_nodes", "first", "last")

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self.first: Node | None = None
        self.last: Node | None = None

    def __len__(self) -> int:
        return len(self._nodes)

    def get(self, entry_id: str) -> Node | None:
        """The node of an id."""
        return self._nodes.get(entry_id)

    def append(self, entry_id: str, number: int) -> None:
        """Append an id. Its number must be higher than all others."""
        node = self._nodes[entry_id] = Node(entry_id, number, self.last)
        if self.last is None:
            self.first = node
        else:
            self.last.next = node
        self.last = node

    def remove(self, entry_id: str) -> int:
        """Remove an id; its number."""
        node = self._nodes.pop(entry_id)
        if node.previous is None:
            self.first = node.next
        else:
            node.previous.next = node.next
        if node.next is None:
            self.last = node.previous
        else:
            node.next.previous = node.previous
        return node.number

    def walk(self, start: Node | None, ascending: bool) -> Iterator[Node]:
        """The nodes in one direction, from `start` on or from the end of the list."""
        node = start or (self.first if ascending else self.last)
        while node is not None:
            yield node
            node = node.next if ascending else node.previous

    def page(self, window: Window) -> tuple[list[str], bool]:
        """The ids of a page, and whether there are more. Raises `UnknownCursorError`."""
        after, before = self._cursor("after", window.after), self._cursor("before", window.before)
        nodes, more = filled(window, after, before, self.walk, lambda node: node.number)
        return [node.id for node in nodes], more

    def _cursor(self, parameter: str, cursor: str) -> Node | None:
        if not cursor:
            return None
        if cursor not in self._nodes:
            raise UnknownCursorError(parameter, cursor)
        return self._nodes[cursor]
