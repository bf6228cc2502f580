"""Which bodies, parameters and headers lead to a schema?"""


class Reach:
    """The nodes of a search, each with the nodes that lead to it; some nodes are roots."""

    def __init__(self) -> None:
        self._parents: list[set[int]] = []
        self._roots: dict[int, list[int]] = {}
        self._known: dict[int, tuple[int, ...]] = {}

    def add(self) -> int:
        """A new node."""
        self._parents.append(set())
        return len(self._parents) - 1

    def link(self, parent: int, node: int) -> None:
        """One node leads to another."""
        self._parents[node].add(parent)

    def root(self, node: int, number: int) -> None:
        """A node is the root with this number."""
        self._roots.setdefault(node, []).append(number)

    def roots_of(self, node: int) -> tuple[int, ...]:
        """The numbers of all roots that lead to a node."""
        if node not in self._known:
            pending, seen, found = [node], {node}, set[int]()
            while pending:
                one = pending.pop()
                found.update(self._roots.get(one, ()))
                more = self._parents[one] - seen
                seen |= more
                pending.extend(more)
            self._known[node] = tuple(sorted(found))
        return self._known[node]
