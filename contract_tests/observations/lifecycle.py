"""Which statuses may a run or step take, in which order, and with which timestamps?

The answers are in the document (`x-lifecycle`). Polls skip statuses. Therefore `reachable` asks whether a
status may follow at some time, not whether it is the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from contract_tests.document import document


@dataclass(frozen=True)
class Lifecycle:
    """The table `x-lifecycle` of a status schema."""

    initial: str
    next: Mapping[str, frozenset[str]]
    terminal: frozenset[str]
    timestamp: Mapping[str, str]
    grades: Mapping[str, str]

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> "Lifecycle":
        """The lifecycle that a table of the document describes."""
        statuses = table["statuses"]
        return cls(
            initial=table["initial"],
            next={name: frozenset(row.get("next") or ()) for name, row in statuses.items()},
            terminal=frozenset(name for name, row in statuses.items() if row.get("terminal")),
            timestamp={name: row["timestamp"] for name, row in statuses.items() if row.get("timestamp")},
            grades=table.get("grades") or {},
        )

    def knows(self, status: object) -> bool:
        """Whether the table has this status."""
        return status in self.next

    def reachable(self, earlier: str, later: str) -> bool:
        """Whether a resource in one status may later be in the other."""
        seen, ahead = {earlier}, [earlier]
        while ahead:
            fresh = self.next.get(ahead.pop(), frozenset()) - seen
            seen |= fresh
            ahead.extend(fresh)
        return later in seen

    def timestamps(self) -> frozenset[str]:
        """The names of all timestamps that a status sets."""
        return frozenset(self.timestamp.values())


NO_LIFECYCLE = Lifecycle("", {}, frozenset(), {}, {})
"""The lifecycle of a resource without a status."""


@cache
def lifecycles() -> dict[str, Lifecycle]:
    """The lifecycles by kind of resource: those of `run` and `step`."""
    view = document().assumed
    statuses = {
        kind: view.resolve(view.properties(view.schema(resource.schema)).get("status", {}))
        for kind, resource in document().resources.items()
    }
    return {
        kind: Lifecycle.of(schema["x-lifecycle"])
        for kind, schema in statuses.items()
        if "x-lifecycle" in schema
    }
